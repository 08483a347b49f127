"""Wildcards in names of files: Go's ``filepath.Match``, and the patterns of ``.dockerignore``.

The rules of the latter are those of moby's ``patternmatcher`` and ``ignorefile``, which every
Docker client uses: the last pattern that fits a path, or a directory above it, decides.
"""

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import msgspec

from dockerlab.engine.errors import InvalidParameter

_BAD = "syntax error in pattern"
_ESCAPED = frozenset(".+()|{}$")
_SPECIAL = re.compile(r"[*?\[\]\\]")
_BOM = b"\xef\xbb\xbf"


def has_wildcards(name: str) -> bool:
    r"""Whether a name has a wildcard that is not escaped.

    >>> has_wildcards("a*"), has_wildcards(r"a\*")
    (True, False)
    """
    return re.search(r"[*?\[]", re.sub(r"\\.", "", name, flags=re.DOTALL)) is not None


@lru_cache(256)
def compile_match(pattern: str) -> re.Pattern[str] | None:
    """What Go's ``filepath.Match`` matches, as a regular expression; None for a malformed pattern.

    >>> found = compile_match("*.[ch]")
    >>> bool(found.fullmatch("a.c")), bool(found.fullmatch("a/b.c")), compile_match("[a") is None
    (True, False, True)

    All stars but the last take as little as they can and never more: what the last one can reach is
    the same, and no pattern takes long.
    """
    parts: list[str] = []
    stars: list[int] = []
    place = 0
    while place < len(pattern):
        character = pattern[place]
        place += 1
        if character == "*":
            stars.append(len(parts))
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[":
            found = _character_class(pattern, place)
            if found is None:
                return None
            expression, place = found
            parts.append(expression)
        else:
            if character == "\\":
                if place == len(pattern):
                    return None
                character = pattern[place]
                place += 1
            parts.append(re.escape(character))
    for star, following in pairwise(stars):
        parts[star] = "(?>[^/]*?"
        parts[following - 1] += ")"
    return re.compile("".join(parts), re.DOTALL)


def _character_class(pattern: str, place: int) -> tuple[str, int] | None:
    """A class in brackets whose content starts at ``place``; and where it ends."""
    negated = pattern.startswith("^", place)
    place += negated
    ranges: list[str] = []
    while ranges == [] or not pattern.startswith("]", place):
        low = _class_member(pattern, place)
        if low is None:
            return None
        high, place = low
        first = high
        if pattern.startswith("-", place):
            upper = _class_member(pattern, place + 1)
            if upper is None:
                return None
            high, place = upper
        if first <= high:
            ranges.append(f"{re.escape(first)}-{re.escape(high)}")
        else:
            ranges.append("")  # an empty range matches nothing
    body = "".join(ranges)
    if not body:
        return ("[^/]" if negated else r"(?!)"), place + 1
    # Go lets a class match "/" where it says so, but no negated one.
    return f"[{'^/' if negated else ''}{body}]", place + 1


def _class_member(pattern: str, place: int) -> tuple[str, int] | None:
    if place >= len(pattern) or pattern[place] in "-]":
        return None
    if pattern[place] == "\\":
        place += 1
        if place >= len(pattern):
            return None
    # A class must be closed, and so something must follow.
    return (pattern[place], place + 1) if place + 1 < len(pattern) else None


class Pattern(msgspec.Struct, frozen=True):
    """One line of ``.dockerignore``; ``keep`` says that it began with ``!``."""

    text: str
    keep: bool = False

    def matches(self, path: str) -> bool:
        """Whether the pattern fits the whole path."""
        end = self.text.removeprefix("**")
        if end != self.text and not _SPECIAL.search(end):
            # Not as elsewhere: here the stars may end in the middle of a name.
            return path.endswith(end) or path == end.removeprefix("/")
        return _compile(self.text).fullmatch(path) is not None


class Ignored:
    """Which paths of a context do not belong to it."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take patterns as ``read_patterns`` gives them; raises InvalidParameter."""
        self._patterns = tuple(filter(None, map(_parse, patterns)))
        self._exceptions = [f"{pattern.text}/" for pattern in self._patterns if pattern.keep]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def __contains__(self, path: str) -> bool:
        """Whether ``path``, relative and with slashes, is left out.

        >>> wanted = Ignored(["*.log", "build", "!build/keep"])
        >>> ["a.log" in wanted, "x/a.log" in wanted, "build/x/y" in wanted, "build/keep" in wanted]
        [True, False, True, False]
        """
        above = [path[:place] for place, character in enumerate(path) if character == "/"]
        ignored = False
        for pattern in self._patterns:
            if pattern.keep != ignored:
                continue
            if pattern.matches(path) or any(map(pattern.matches, above)):
                ignored = not pattern.keep
        return ignored

    def hides(self, directory: str) -> bool:
        """Whether clients pass over a directory with all in it, exceptions or not.

        They look into one that is ignored only if an exception begins with its name.

        >>> Ignored(["*", "!a/b"]).hides("a"), Ignored(["*", "!**/b"]).hides("a")
        (False, True)
        """
        inside = f"{directory}/"
        return directory in self and not any(each.startswith(inside) for each in self._exceptions)


def read_patterns(data: bytes) -> list[str]:
    r"""The patterns in a ``.dockerignore``: cleaned, without comments and blank lines.

    >>> read_patterns(b"# comment\n/a/../b/\n\n! c\n")
    ['b', '!c']
    """
    patterns = []
    for line in data.removeprefix(_BOM).decode("utf-8", "surrogateescape").split("\n"):
        text = line.removesuffix("\r")
        if text.startswith("#") or not text.strip():
            continue
        text = text.strip()
        keep = "!" if text.startswith("!") else ""
        text = text[len(keep) :].strip()
        if text:
            text = clean(text)
            text = text[1:] if len(text) > 1 and text.startswith("/") else text
        patterns.append(keep + text)
    return patterns


def clean(path: str) -> str:
    """Go's ``filepath.Clean``.

    >>> clean("a//b/../c/"), clean("/../x"), clean("")
    ('a/c', '/x', '.')
    """
    cleaned = posixpath.normpath(path)
    return f"/{cleaned.lstrip('/')}" if cleaned.startswith("//") else cleaned


def _parse(text: str) -> Pattern | None:
    text = text.strip()
    if not text:
        return None
    text = clean(text)
    keep = text.startswith("!")
    if text == "!":
        raise InvalidParameter('illegal exclusion pattern: "!"')
    text = text[keep:]
    if compile_match(text) is None:
        raise InvalidParameter(_BAD)
    _compile(text)
    return Pattern(text, keep)


@lru_cache(1024)
def _compile(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern, where ``**`` stands for any number of directories."""
    parts: list[str] = []
    place = 0
    opened = False  # within brackets, where Python warns of some characters and Go does not
    while place < len(pattern):
        character = pattern[place]
        place += 1
        if character in "[]":
            parts.append("\\[" if opened and character == "[" else character)
            opened = character == "["
        elif opened and character in "&~|":
            parts.append(f"\\{character}")
        elif pattern.startswith("**", place - 1):
            place += 1 + pattern.startswith("/", place + 1)
            part = _ANY if place == len(pattern) else _DIRECTORIES
            # Within brackets its characters are meant: once more the last, and it is no wildcard.
            parts.append(part + part[-1] if opened else part)
        elif character in "*?":
            bracket = "\\[" if opened else "["
            parts.append(bracket + ("^/]*" if character == "*" else "^/]"))
            opened = False  # as in Go, its bracket closes the one that was open
        elif character == "\\" and place < len(pattern):
            parts.append(re.escape(pattern[place]))
            place += 1
        elif character == "\\" or character in _ESCAPED:
            parts.append(re.escape(character))
        else:
            parts.append(character)
    try:
        return re.compile("".join(_condensed(parts)), re.DOTALL)
    except re.error as error:
        raise InvalidParameter(_BAD) from error


_ANY, _DIRECTORIES, _NAME = ".*", "(.*/)?", "[^/]*"


def _condensed(parts: Iterable[str]) -> list[str]:
    """The same expression with fewer wildcards next to each other, which would take long to try."""
    found: list[str] = []
    for part in parts:
        before = found[-1] if found else ""
        if part in (_ANY, _DIRECTORIES, _NAME) and before in (part, _ANY):
            continue
        if (before, part) == (_DIRECTORIES, _NAME) or (
            part == _ANY and before in (_DIRECTORIES, _NAME)
        ):
            found[-1] = _ANY
        else:
            found.append(part)
    return found
