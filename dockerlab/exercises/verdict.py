"""What an exercise answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """The three answers there are."""

    PASSED = "passed"
    NOT_ATTEMPTED = "not attempted"
    WRONG = "wrong"


@dataclass(frozen=True)
class Verdict:
    """An outcome, and the sentence that says what was seen.

    `sentence` is a key among the exercise's own sentences (`[exercise.<name>.wrong]` in its
    locales, or the key `passed`); `values` fill the sentence's placeholders.
    """

    outcome: Outcome
    sentence: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def passed(**values: object) -> Verdict:
    """The task is done."""
    return Verdict(Outcome.PASSED, "passed", values)


def wrong(sentence: str, **values: object) -> Verdict:
    """Something was done, and it was not the task; `sentence` says what was seen instead."""
    return Verdict(Outcome.WRONG, sentence, values)


def not_attempted() -> Verdict:
    """Nothing was done yet."""
    return Verdict(Outcome.NOT_ATTEMPTED)
