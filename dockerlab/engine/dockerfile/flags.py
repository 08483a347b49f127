"""Flags of instructions, ``--from=build``: which there are, and what was given."""

from collections.abc import Collection, Iterable

from dockerlab.engine.errors import InvalidParameter

_FURTHEST = 3
"""Edits after which a word is no slip of the pen any more, but another word."""


def parse_flags(
    given: Iterable[str],
    *,
    texts: Collection[str] = (),
    lists: Collection[str] = (),
    switches: Collection[str] = (),
) -> dict[str, str]:
    """The values of the flags that were given, by name; a list's are joined by commas.

    Raises:
        InvalidParameter: a flag is not known, has no value, or was given twice.

    >>> parse_flags(["--from=a"], texts=["from", "chown"])
    {'from': 'a'}

    """
    found: dict[str, str] = {}
    for flag in given:
        name, equals, value = flag.removeprefix("--").partition("=")
        shown = f"--{name}"
        if name not in {*texts, *lists, *switches}:
            raise InvalidParameter(
                f"unknown flag: {shown}" + suggestion(name, [*texts, *lists, *switches])
            )
        if name in found and name not in lists:
            raise InvalidParameter(f"duplicate flag specified: {shown}")
        if name in switches:
            value = _switch(shown, value, given=bool(equals))
        elif not equals:
            raise InvalidParameter(f"missing a value on flag: {shown}")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def suggestion(word: str, words: Iterable[str], *, any_case: bool = False) -> str:
    """What was probably meant, as the end of an error message; nothing where nobody knows.

    >>> suggestion("form", ["from", "chown"]), suggestion("RUNN", ["RUN"], any_case=True)
    (' (did you mean from?)', ' (did you mean RUN?)')
    """
    best, distance = "", _FURTHEST
    written = word.lower() if any_case else word
    for candidate in sorted(words):
        wanted = candidate.lower() if any_case else candidate
        if wanted == written:
            return ""
        apart = _distance(written, wanted)
        if apart < distance:
            best, distance = wanted, apart
    if any_case and best and word != word.lower():
        best = best.upper() if word == word.upper() else best
    return f" (did you mean {best}?)" if best else ""


def _switch(shown: str, value: str, *, given: bool) -> str:
    if given and not value:
        raise InvalidParameter(f"missing a value on flag: {shown}")
    if value.lower() not in ("true", "", "false"):
        raise InvalidParameter(f"expecting boolean value for flag {shown}, not: {value}")
    return "false" if value.lower() == "false" else "true"


def _distance(one: str, other: str) -> int:
    """Edits from one word to the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1]
