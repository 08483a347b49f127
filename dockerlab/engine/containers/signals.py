"""Signals by name or number, as Docker reads them."""

import signal

from dockerlab.engine.errors import InvalidParameter

DEFAULT_STOP = int(signal.SIGTERM)


def parse(text: str) -> int:
    """The number of ``TERM``, ``SIGTERM``, ``15`` or ``RTMIN+3``.

    Raises:
        InvalidParameter: there is no such signal.

    >>> parse("kill"), parse("SIGRTMIN+3")
    (9, 37)

    """
    if text.isascii() and text.isdecimal():
        number = int(text)
        if 0 < number <= signal.SIGRTMAX:
            return number
        raise InvalidParameter(f"invalid signal: {text}")
    name = text.upper().removeprefix("SIG")
    base, sign, offset = name.partition("+") if "+" in name else name.partition("-")
    try:
        number = int(signal.Signals[f"SIG{base}"])
    except KeyError:
        raise InvalidParameter(f"invalid signal: {text}") from None
    if not sign:
        return number
    if base not in ("RTMIN", "RTMAX") or not offset.isdecimal():
        raise InvalidParameter(f"invalid signal: {text}")
    return number + int(offset) if sign == "+" else number - int(offset)
