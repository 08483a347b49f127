"""What all widgets have in common: a still form, a stable text, typed messages, large libraries.

A widget's own script travels with each instance, as anywidget has it. xterm.js and Graphviz would
make that 350 to 800 kB each time; so the browser asks for a library once a page, by a name that
holds a hash of its content, and Python answers with the bundle from this package. No network.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import msgspec
import traitlets

BUNDLES = Path(__file__).parent / "bundles"


class Widget(anywidget.AnyWidget):
    """A widget with a still form: subclasses say what it is, and what they make of a message.

    `messages` is the type of what the browser may send: a union of tagged `msgspec.Struct`s.
    """

    messages: ClassVar[Any] = None
    texts = traitlets.Dict().tag(sync=True)
    library = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.on_msg(self._on_message)

    def _on_message(self, _: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("type") == "library":
            self.send({"type": "library", "key": self.library}, [_source(self.library)])
        elif self.messages is not None:
            self.receive(msgspec.convert(content, type=self.messages))

    def receive(self, message: Any) -> None:  # noqa: ANN401 - each widget has its own messages
        """Act on what the browser sent."""

    def still_html(self) -> str:
        """Return the form that needs no browser script: what GitHub shows of a saved notebook."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401
        shown: Any = super()._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.still_html()}, metadata


def script(name: str) -> str:
    """Return the bundled script of a widget."""
    return (BUNDLES / f"{name}.js").read_text(encoding="utf-8")


def style(name: str) -> str:
    """Return the bundled style sheet of a widget."""
    return (BUNDLES / f"{name}.css").read_text(encoding="utf-8")


@cache
def library_key(name: str) -> str:
    """Return what the browser asks for: the library's name, and what its content hashes to."""
    digest = hashlib.sha256((BUNDLES / f"{name}.library.js").read_bytes()).hexdigest()
    return f"{name}@{digest[:16]}"


def _source(key: str) -> bytes:
    return (BUNDLES / f"{key.partition('@')[0]}.library.js").read_bytes()
