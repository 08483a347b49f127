"""Patterns in substitutions: ``${name#pattern}``, ``${name%pattern}``, ``${name/pattern/word}``."""

import re

from dockerlab.engine.errors import InvalidParameter

_REGEX_MARKS = frozenset("[]{}.+()|^$")


def trimmed(value: str, pattern: str, end: str) -> str:
    """Take the shortest start (``#``) or end (``%``) that fits away; doubled, the longest.

    Raises:
        InvalidParameter: the pattern is malformed.

    >>> trimmed("a.tar.gz", "%.*", "%"), trimmed("a.tar.gz", ".*", "%")
    ('a', 'a.tar')

    """
    greedy = pattern.startswith(end)
    pattern = pattern[greedy:]
    if end == "#":
        found = expression(pattern, greedy=greedy).match(value)
        return value[found.end() :] if found else value
    mirrored = _mirrored(pattern)
    found = expression(mirrored, greedy=greedy).match(value[::-1])
    return value[: len(value) - found.end()] if found else value


def _mirrored(pattern: str) -> str:
    """A pattern for the text read backwards; an escape stays before what it escapes."""
    return "".join(reversed(re.findall(r"\\.|.", pattern, re.DOTALL)))


def expression(pattern: str, *, greedy: bool) -> re.Pattern[str]:
    """The regular expression of a shell pattern with ``*`` and ``?``, but without brackets.

    Of several stars all but the last take as little as they can, and never more when what follows
    does not fit: what the last one can reach is the same, and no pattern takes long.

    Raises:
        InvalidParameter: it escapes what needs no escape.

    """
    found: list[list[str]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            found.append([])
        elif character == "?":
            found[-1].append(".")
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("}", "/", "*", "?", "\\"):
                message = f"invalid escape '\\{escaped}'"
                raise InvalidParameter(f"invalid pattern ({pattern}) in substitution: {message}")
            found[-1].append(re.escape(escaped))
        else:
            found[-1].append("\\" + character if character in _REGEX_MARKS else character)
    begin, *after_stars = map("".join, found)
    if not after_stars:
        return re.compile(begin)
    *middle, end = after_stars
    between = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{begin}{between}{'.*' if greedy else '.*?'}{end}")
