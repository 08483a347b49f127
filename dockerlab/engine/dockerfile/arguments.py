"""One line of a Dockerfile, taken apart: the instruction's name, its flags and its arguments."""

import re
from collections.abc import Callable

import msgspec

from dockerlab.engine.dockerfile.formats import quoted
from dockerlab.engine.errors import InvalidParameter

_SPACES = re.compile(r"[\t\v\f\r ]+")
_QUOTES = frozenset("'\"")

Arguments = tuple[tuple[str, ...], bool]
"""The arguments, and whether they stood in a JSON list."""


def split_command(line: str, escape: str) -> tuple[str, tuple[str, ...], str]:
    """The name, the flags and the rest of a line.

    >>> split_command("COPY --from=a --chown='b c' x y", chr(92))
    ('COPY', ('--from=a', '--chown=b c'), 'x y')
    """
    parts = _SPACES.split(line.strip(), maxsplit=1)
    if len(parts) == 1:
        return parts[0], (), ""
    flags, rest = _split_flags(parts[1], escape)
    return parts[0], flags, rest.strip()


def split_arguments(name: str, rest: str, escape: str) -> Arguments:
    """The arguments of the instruction ``name``, each in its own syntax.

    ``ENV`` and ``LABEL`` have three for each pair: the name, the value, and ``=`` or nothing.

    Raises:
        InvalidParameter: they are malformed.

    >>> split_arguments("CMD", '["a", "b"]', chr(92)), split_arguments("RUN", "a b", chr(92))
    ((('a', 'b'), True), (('a b',), False))
    >>> split_arguments("ENV", "a=1", chr(92))
    (('a', '1', '='), False)

    """
    syntax = _SYNTAX.get(name.lower())
    return (("",), False) if syntax is None else syntax(rest, escape)


def _split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The words at the start that begin with ``--``, and what follows them."""
    flags: list[str] = []
    place = 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if not text.startswith("--", place):
            return tuple(flags), text[place:]
        word, place, was_quoted = _flag(text, place, escape)
        if word == "--":
            return tuple(flags), text[place:]
        if word or was_quoted:
            flags.append(word)


def _flag(text: str, place: int, escape: str) -> tuple[str, int, bool]:
    """One word from ``place`` on without its quotes, where it ends, and whether it had any."""
    word: list[str] = []
    quote = ""
    was_quoted = False
    while place < len(text):
        character = text[place]
        if not quote and character.isspace():
            break
        place += 1
        if character == quote:
            quote = ""
        elif not quote and character in _QUOTES:
            quote, was_quoted = character, True
        elif character == escape:
            word.append(text[place : place + 1])
            place += 1
        else:
            word.append(character)
    return "".join(word), min(place, len(text)), was_quoted


def _words(text: str, escape: str) -> list[str]:
    """Words that are split at spaces, with their quotes and escapes still in them."""
    words: list[str] = []
    word: list[str] = []
    quote = ""
    place = 0
    while place < len(text):
        character = text[place]
        place += 1
        if not quote and character.isspace():
            if word:
                words.append("".join(word))
            word.clear()
            continue
        if character == escape and quote != "'":
            if place == len(text):
                break  # an escape at the end escapes nothing
            word.append(character)
            character = text[place]
            place += 1
        elif character == quote:
            quote = ""
        elif not quote and character in _QUOTES:
            quote = character
        word.append(character)
    return [*words, "".join(word)] if word else words


def _name_or_pair(rest: str, escape: str) -> Arguments:
    return tuple(_words(rest, escape)), False


def _pairs(command: str) -> Callable[[str, str], Arguments]:
    def split(rest: str, escape: str) -> Arguments:
        words = _words(rest, escape)
        if not words:
            return (), False
        if "=" not in words[0]:  # as it was written once: NAME value
            parts = _SPACES.split(rest, maxsplit=1)
            if len(parts) < 2:
                raise InvalidParameter(f"{command} must have two arguments")
            return (*parts, ""), False
        found: list[str] = []
        for word in words:
            name, equals, value = word.partition("=")
            if not equals:
                raise InvalidParameter(
                    f"Syntax error - can't find = in {quoted(word)}. "
                    "Must be of the form: name=value"
                )
            found += (name, value, equals)
        return tuple(found), False

    return split


def _split_at_spaces(rest: str, _: str) -> Arguments:
    return (tuple(_SPACES.split(rest)) if rest else ()), False


def _whole(rest: str, _: str) -> Arguments:
    return ((rest,) if rest else ()), False


def _json_words(rest: str) -> tuple[str, ...] | None:
    """The texts of a JSON list; None where this is no list."""
    rest = rest.lstrip()
    if not rest.startswith("["):
        return None
    try:
        words = msgspec.json.decode(rest.encode("utf-8", "surrogateescape"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in words):
        raise InvalidParameter(
            "when using JSON array syntax, arrays must be comprised of strings only"
        )
    return tuple(words)


def _json_or(other: Callable[[str, str], Arguments]) -> Callable[[str, str], Arguments]:
    def split(rest: str, escape: str) -> Arguments:
        words = _json_words(rest)
        return other(rest, escape) if words is None else (words, True)

    return split


def _health(rest: str, escape: str) -> Arguments:
    parts = rest.split(maxsplit=1)
    if not parts:
        return (), False
    command, in_json = _json_or(_whole)(parts[1] if len(parts) > 1 else "", escape)
    return (parts[0], *command), in_json


def _instruction(rest: str, escape: str) -> Arguments:
    """Of ``ONBUILD``: another instruction."""
    if not rest:
        return (), False
    name, _, inner = split_command(rest, escape)
    if name.lower() == "onbuild":
        return (name,), False  # not allowed, and nobody needs to know how often it is said
    arguments, in_json = split_arguments(name, inner, escape)
    return (name, *arguments), in_json


_SYNTAX: dict[str, Callable[[str, str], Arguments]] = {
    "add": _json_or(_split_at_spaces),
    "arg": _name_or_pair,
    "cmd": _json_or(_whole),
    "copy": _json_or(_split_at_spaces),
    "entrypoint": _json_or(_whole),
    "env": _pairs("ENV"),
    "expose": _split_at_spaces,
    "from": _split_at_spaces,
    "healthcheck": _health,
    "label": _pairs("LABEL"),
    "maintainer": _whole,
    "onbuild": _instruction,
    "run": _json_or(_whole),
    "shell": _json_or(_whole),
    "stopsignal": _whole,
    "user": _whole,
    "volume": _json_or(_split_at_spaces),
    "workdir": _whole,
}
