"""Differences between two answers, found and judged."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from tests.integration.differential.allowed import ALLOWED, Allowed
from tests.integration.differential.normal import Normal

MET: set[Allowed] = set()
"""The allowed differences that were met in this session."""

_MISSING = object()


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    stdout: str
    stderr: str
    exit_code: int


@dataclass(frozen=True)
class Difference:
    """At `place`, Docker Engine said one thing and the embedded engine another."""

    place: str
    docker: str
    embedded: str

    def __str__(self) -> str:
        return f"{self.place}\n      docker:   {self.docker}\n      embedded: {self.embedded}"


def unexpected(command: str, differences: Iterable[Difference]) -> list[Difference]:
    """The differences that the table does not allow."""
    bad = []
    for difference in differences:
        reasons = [each for each in ALLOWED if each.covers(command, difference.place)]
        MET.update(reasons)
        if not reasons:
            bad.append(difference)
    return bad


def compare_text(docker: str, embedded: str, *, unordered: bool) -> Iterator[Difference]:
    """Lines that only one of them has; the place of a difference is the line itself."""
    first, second = docker.splitlines(), embedded.splitlines()
    if unordered:
        first, second = sorted(first), sorted(second)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag != "equal":
            for one, other in zip_longest(first[i1:i2], second[j1:j2]):
                yield Difference(one if one is not None else other, repr(one), repr(other))


def compare_json(docker: Any, embedded: Any, place: str = "") -> Iterator[Difference]:
    """Values that differ, by path; list indices are left out of the path."""
    if isinstance(docker, dict) and isinstance(embedded, dict):
        for key in dict.fromkeys((*docker, *embedded)):
            yield from compare_json(
                docker.get(key, _MISSING), embedded.get(key, _MISSING), f"{place}.{key}"
            )
    elif isinstance(docker, list) and isinstance(embedded, list):
        if len(docker) != len(embedded):
            yield Difference(f"{place}[]", _show(docker), _show(embedded))
            return
        for one, other in zip(docker, embedded, strict=True):
            yield from compare_json(one, other, f"{place}[]")
    elif docker is _MISSING or embedded is _MISSING or docker != embedded:
        yield Difference(place or ".", _show(docker), _show(embedded))


def _show(value: object) -> str:
    return "(missing)" if value is _MISSING else json.dumps(value)[:300]


def parse(text: str, normal: Normal) -> Any:
    """A JSON answer, or one JSON object a line, with what may vary taken out of its strings."""
    try:
        return _normalise(json.loads(text), normal)
    except json.JSONDecodeError:
        return [_normalise(json.loads(line), normal) for line in text.splitlines()]


def _normalise(value: Any, normal: Normal) -> Any:
    if isinstance(value, dict):
        return {normal.text(key): _normalise(item, normal) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalise(item, normal) for item in value]
    return normal.text(value) if isinstance(value, str) else value
