"""What the browser may tell a terminal. The other direction is one message: output."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """A message from the browser, told apart by its `type`."""


class Ready(Message, frozen=True):
    """A view is there, of this size, and wants all that was written so far."""

    view: str
    columns: int
    rows: int


class Input(Message, frozen=True):
    """Keys, as a terminal sends them, or what was pasted."""

    data: str


class Resize(Message, frozen=True):
    """The view has this size now, in characters."""

    columns: int
    rows: int


class Shown(Message, frozen=True):
    """That many bytes are on the screen, so as many more may be sent."""

    count: int


class End(Message, frozen=True):
    """The button that ends the session was pressed."""


class Gone(Message, frozen=True):
    """The last view was removed: the cell was deleted, cleared, or run again."""


FromBrowser = Ready | Input | Resize | Shown | End | Gone
