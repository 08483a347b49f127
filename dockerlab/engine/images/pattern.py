"""Patterns for names, as ``docker images --filter reference=…`` takes them: Go's ``path.Match``."""

import re

from dockerlab.engine.errors import SystemFailure


def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""A regular expression for the whole of a name.

    ``*`` and ``?`` do not match ``/``; ``[a-z]`` and ``[^a-z]`` are one character; a backslash
    takes the next character as it is.

    Raises:
        SystemFailure: the pattern is malformed (Docker answers 500, too).

    >>> bool(compile_pattern("team/*:1.?").fullmatch("team/app:1.2"))
    True
    >>> bool(compile_pattern("*").fullmatch("team/app:1.2"))
    False

    """
    parts: list[str] = []
    rest = pattern
    while rest:
        first, rest = rest[0], rest[1:]
        if first == "*":
            parts.append("[^/]*")
        elif first == "?":
            parts.append("[^/]")
        elif first == "[":
            characters, rest = _character_class(rest)
            parts.append(characters)
        else:
            if first == "\\":
                first, rest = _character(f"\\{rest}")
            parts.append(re.escape(first))
    return re.compile("".join(parts), re.DOTALL)


def _character_class(rest: str) -> tuple[str, str]:
    negated = rest.startswith("^")
    rest = rest[1:] if negated else rest
    ranges: list[str] = []
    while not (ranges and rest.startswith("]")):
        if rest.startswith(("-", "]")):
            raise _malformed()
        low, rest = _character(rest)
        high = low
        if rest.startswith("-"):
            if rest[1:2] in ("-", "]"):
                raise _malformed()
            high, rest = _character(rest[1:])
        # A range that runs backwards is not an error for Go: nothing is in it.
        ranges.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
    inside = "".join(ranges)
    if not inside:
        return (r"[\s\S]" if negated else r"(?!)"), rest[1:]
    return f"[{'^' if negated else ''}{inside}]", rest[1:]


def _character(rest: str) -> tuple[str, str]:
    if rest.startswith("\\"):
        rest = rest[1:]
    if not rest:
        raise _malformed()
    return rest[0], rest[1:]


def _malformed() -> SystemFailure:
    return SystemFailure("syntax error in pattern")
