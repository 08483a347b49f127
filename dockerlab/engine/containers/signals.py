"""Signals by name or number, as Docker reads them."""

import signal

from dockerlab.engine.errors import InvalidParameter

_DIGITS = 5
"""More than any signal's number has."""
DEFAULT_STOP = int(signal.SIGTERM)


def parse(text: str) -> int:
    """The number of ``TERM``, ``SIGTERM``, ``15`` or ``RTMIN+3``.

    Raises:
        InvalidParameter: there is no such signal.

    >>> parse("kill"), parse("SIGRTMIN+3")
    (9, 37)

    """
    if text.isascii() and text.isdecimal():
        return _checked(int(text) if len(text) < _DIGITS else 0, text)
    name = text.upper().removeprefix("SIG")
    base, sign, offset = name.partition("+") if "+" in name else name.partition("-")
    try:
        number = int(signal.Signals[f"SIG{base}"])
    except KeyError:
        raise InvalidParameter(f"invalid signal: {text}") from None
    if not sign:
        return number
    if base not in ("RTMIN", "RTMAX") or not offset.isdecimal() or len(offset) >= _DIGITS:
        raise InvalidParameter(f"invalid signal: {text}")
    return _checked(number + int(offset) if sign == "+" else number - int(offset), text)


def _checked(number: int, text: str) -> int:
    if not 0 < number <= signal.SIGRTMAX:
        raise InvalidParameter(f"invalid signal: {text}")
    return number
