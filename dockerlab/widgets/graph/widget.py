"""A Graphviz picture, drawn in the browser; its still form are its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import traitlets

from dockerlab.widgets.texts import texts_of
from dockerlab.widgets.widget import Widget, library_key, script, style


class Graph(Widget):
    """What Graphviz makes of `source`, with its `words` below; `sheet` is the picture's CSS."""

    _esm = script("graph")
    _css = style("graph")
    messages: ClassVar[Any] = None  # the browser asks for the library, and nothing else

    title = traitlets.Unicode().tag(sync=True)
    words: traitlets.List[str] = traitlets.List().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    sheet = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, *, title: str, words: Sequence[str], source: str, sheet: str, still: str
    ) -> None:
        super().__init__(
            title=title,
            words=list(words),
            source=source,
            sheet=sheet,
            texts=texts_of("graph"),
            library=library_key("graphviz"),
        )
        self._still = still

    def __repr__(self) -> str:
        return "\n".join((self.title, *(f"  {line}" for line in self.words)))

    def still_html(self) -> str:
        """Return the words, which tell what the picture shows."""
        return self._still
