"""What the browser asks the explorer, and what a row of the answer is."""

from __future__ import annotations

from typing import Literal, TypedDict

import msgspec


class Question(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    """A question about the files as they are at one layer; `request` comes back in the answer."""

    request: int
    layer: int


class Children(Question, frozen=True):
    """Asks for a folder's rows; `changed`: only what this layer changes, and the way there."""

    key: str
    changed: bool
    order: Literal["name", "size"]


class Search(Question, frozen=True):
    """Asks for the paths that hold all of these words."""

    words: str


FromBrowser = Children | Search


class Row(TypedDict):
    """A file or folder. `key` is its path, byte for character; `name` is for people.

    `status` is added, modified, removed, unchanged (in the layer for nothing), or empty: not in
    this layer. `touched` says that something below has a status. Sizes are bytes.
    """

    key: str
    name: str
    kind: str
    size: int
    mode: str
    owner: str
    target: str
    status: str
    touched: bool
    folder: bool
