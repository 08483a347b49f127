"""Moments in time as Docker's API spells them. Inside the engine they are Unix nanoseconds."""

import re
import time
from datetime import UTC, datetime, timedelta

from dockerlab.engine.errors import InvalidParameter

SECOND = 1_000_000_000
ZERO = "0001-01-01T00:00:00Z"
"""What Docker says for "never"."""

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?([Zz]|[+-]\d\d:?\d\d)?"
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)([Zz]|[+-]\d\d:?\d\d)?")
_UNIX = re.compile(r"(-?\d{1,12})(?:\.(\d+))?")
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_LONGEST = (1 << 63) - 1
"""Nanoseconds that Go's ``time.Duration`` holds."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_rfc3339(text: str) -> int:
    """Unix nanoseconds of an RFC 3339 time; before the year 1678 they need more than 64 bits.

    Raises:
        InvalidParameter: it is no such time.

    >>> parse_rfc3339("1970-01-01T01:00:00.000000001+01:00")
    1

    """
    match = _RFC3339.fullmatch(text)
    if not match:
        raise InvalidParameter(f"{text!r} is not a time (RFC 3339)")
    date, hour, minute, second, fraction, zone = match.groups()
    clock = f"{hour}:{minute or '00'}:{second or '00'}"
    nanoseconds = int(fraction[1:10].ljust(9, "0")) if fraction else 0
    return _unix_seconds(f"{date}T{clock}", zone) * SECOND + nanoseconds


def format_rfc3339(nanoseconds: int) -> str:
    """RFC 3339 in UTC with no more digits than are needed, as Go writes it.

    >>> format_rfc3339(1_500_000_000)
    '1970-01-01T00:00:01.5Z'
    """
    seconds, rest = divmod(nanoseconds, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text.rjust(19, '0')}{fraction}Z"


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration, like ``1h30m``.

    Raises:
        InvalidParameter: it is none.

    >>> parse_duration("1.5h") // SECOND
    5400

    """
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    parts = _DURATION_PART.findall(body)
    if not parts or "".join(number + unit for number, unit in parts) != body:
        raise InvalidParameter(f'time: invalid duration "{text}"')
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if total > _LONGEST:
        raise InvalidParameter(f'time: invalid duration "{text}"')
    return sign * sum(int(float(number) * _UNITS[unit]) for number, unit in parts)


def parse_moment(text: str, *, now: int | None = None) -> int:
    """What ``--since`` and ``--until`` accept: a duration before ``now``, a date, Unix seconds.

    A time without a zone is UTC. The result is Unix nanoseconds, as is ``now``.

    Raises:
        InvalidParameter: none of them.

    """
    if not text.strip():
        raise InvalidParameter('failed to parse value as time or duration: ""')
    if text != "0":
        try:
            return (time.time_ns() if now is None else now) - parse_duration(text)
        except InvalidParameter:
            pass  # then it is a time
    if match := _UNIX.fullmatch(text):
        return int(match[1]) * SECOND + int((match[2] or "0")[:9].ljust(9, "0"))
    if match := _DATE.fullmatch(text):
        return _unix_seconds(f"{match[1]}T00:00:00", match[2]) * SECOND
    try:
        return parse_rfc3339(text)
    except InvalidParameter:
        raise InvalidParameter(f'failed to parse value as time or duration: "{text}"') from None


def _unix_seconds(local: str, zone: str | None) -> int:
    offset = "+00:00" if zone in (None, "", "Z", "z") else str(zone)
    try:
        moment = datetime.fromisoformat(local + offset)
    except ValueError as error:
        raise InvalidParameter(f"{local + offset!r} is not a time (RFC 3339): {error}") from None
    return (moment - _EPOCH) // timedelta(seconds=1)
