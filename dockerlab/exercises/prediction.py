"""Questions that are answered before the result is seen: a choice, a number, an order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import TypeAlias

from dockerlab.exercises.answers import number


@dataclass(frozen=True)
class Choice:
    """One of several options, in the order in which they are shown.

    >>> freed = Choice("freed", options=("name", "image", "both"))
    >>> freed.read("b"), freed.read("image"), freed.read(2), freed.read("d")
    ('image', 'image', 'image', None)
    """

    name: str
    options: tuple[str, ...]

    def read(self, given: object) -> str | None:
        """Return the option that a letter, a number from 1 or an option's key means, or None."""
        return _option(given, self.options)

    def holds(self, answer: object, actual: object) -> bool:
        """Return whether the answer was right."""
        return answer == self.read(actual)


@dataclass(frozen=True)
class Number:
    """A number; right if it is within `tolerance` of the true one, in the question's own unit.

    `share` adds a part of the true number to the tolerance: 0.1 is a tenth of it.

    >>> size = Number("size", share=0.1)
    >>> size.holds(size.read("19 MB"), 20), size.holds(size.read(15), 20)
    (True, False)
    """

    name: str
    tolerance: float = 0
    share: float = 0

    def read(self, given: object) -> float | None:
        """Return the number that was written, or None."""
        return number(given)

    def holds(self, answer: object, actual: object) -> bool:
        """Return whether the answer was near enough."""
        guess, truth = self.read(answer), self.read(actual)
        if guess is None or truth is None:
            return False
        return abs(guess - truth) <= self.tolerance + self.share * abs(truth)


@dataclass(frozen=True)
class Order:
    """Things to be put into their order; `shown` is the order in which the question lists them.

    >>> steps = Order("steps", shown=("start", "create", "pull"))
    >>> steps.read("c b a"), steps.read("cba"), steps.read("c, c, a")
    (('pull', 'create', 'start'), ('pull', 'create', 'start'), None)
    """

    name: str
    shown: tuple[str, ...]

    def read(self, given: object) -> tuple[str, ...] | None:
        """Return the things in the order that was written, or None unless each is named once."""
        if isinstance(given, str):
            words: Sequence[object] = [word for word in re.split(r"[\s,;，、>→]+", given) if word]
            parts = list(given.strip()) if len(words) == 1 else words
        elif isinstance(given, (list, tuple)):
            parts = given
        else:
            return None
        found = tuple(_option(part, self.shown) for part in parts)
        return tuple(map(str, found)) if sorted(map(str, found)) == sorted(self.shown) else None

    def holds(self, answer: object, actual: object) -> bool:
        """Return whether the order was right."""
        return self.read(answer) == self.read(actual)


Prediction: TypeAlias = Choice | Number | Order


def letter(index: int) -> str:
    """Return the letter before an option.

    >>> letter(0), letter(3)
    ('a', 'd')
    """
    return ascii_lowercase[index]


def _option(given: object, options: Sequence[str]) -> str | None:
    if isinstance(given, bool):  # True would be the number 1
        given = "yes" if given else "no"
    if isinstance(given, int):
        return options[given - 1] if 0 < given <= len(options) else None
    if not isinstance(given, str):
        return None
    word = given.strip().lower().rstrip(".)")
    if word in options:
        return word
    letters = ascii_lowercase[: len(options)]
    return options[letters.index(word)] if len(word) == 1 and word in letters else None
