"""Values as Go prints them: Docker's history entries and messages hold such texts.

Go's package ``fmt``: ``%q`` quotes, ``%v`` of a list stands in brackets without commas.
"""

from collections.abc import Iterable

from dockerlab.engine.oci import HealthConfig
from dockerlab.engine.timestamp import SECOND

_ESCAPES = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v",
    "\\": r"\\", '"': r"\"",
}  # fmt: skip


def quoted(text: str) -> str:
    r"""``%q`` of a text.

    >>> print(quoted('a "b"' + chr(10)))
    "a \"b\"\n"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def quoted_list(words: Iterable[str]) -> str:
    """``%q`` of a list.

    >>> quoted_list(["sh", "-c"])
    '["sh" "-c"]'
    """
    return f"[{' '.join(map(quoted, words))}]"


def plain_list(words: Iterable[str]) -> str:
    """``%v`` of a list.

    >>> plain_list(["/data", "/logs"])
    '[/data /logs]'
    """
    return f"[{' '.join(words)}]"


def duration(nanoseconds: int) -> str:
    """``%v`` of a ``time.Duration``.

    >>> duration(0), duration(90 * SECOND), duration(1_500_000), duration(3600 * SECOND)
    ('0s', '1m30s', '1.5ms', '1h0m0s')
    """
    if not nanoseconds:
        return "0s"
    if abs(nanoseconds) < SECOND:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if abs(nanoseconds) >= size:
                return _decimal(nanoseconds, size) + unit
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    minutes, rest = divmod(rest, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{text}{_decimal(rest, SECOND)}s"


def health(config: HealthConfig) -> str:
    """``%v`` of a pointer to a health check.

    >>> health(HealthConfig(test=("CMD-SHELL", "true"), interval=5 * SECOND))
    '&{[CMD-SHELL true] 5s 0s 0s 0s 0}'
    """
    times = (config.interval, config.timeout, config.start_period, config.start_interval)
    return f"&{{{plain_list(config.test or ())} {' '.join(map(duration, times))} {config.retries}}}"


def _decimal(number: int, unit: int) -> str:
    whole, rest = divmod(abs(number), unit)
    digits = len(str(unit)) - 1
    fraction = f".{rest:0{digits}d}".rstrip("0") if rest else ""
    return f"{'-' if number < 0 else ''}{whole}{fraction}"


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no text (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
