"""What a pull or a build has come to, in a sentence that is the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from dockerlab.widgets.texts import text


@dataclass(frozen=True)
class Pulled:
    """An image that is here now, and how many layers it has."""

    name: str
    layers: int

    def __repr__(self) -> str:
        return text("progress.pulled", name=self.name, layers=self.layers)

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


@dataclass(frozen=True)
class Built:
    """An image that was built, of how many steps, and how many layers it has."""

    name: str
    steps: int
    layers: int

    def __repr__(self) -> str:
        return text("progress.built", name=self.name, steps=self.steps, layers=self.layers)

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"
