"""What ``HEALTHCHECK`` asks for, in the words of Docker's classic builder where it is wrong."""

import re

from dockerlab.engine.dockerfile.flags import parse_flags
from dockerlab.engine.dockerfile.formats import quoted
from dockerlab.engine.dockerfile.parser import Statement
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import HealthConfig
from dockerlab.engine.timestamp import parse_duration

_MILLISECOND = 1_000_000
"""In nanoseconds."""


def read_health(statement: Statement) -> HealthConfig:
    """The check that a statement with at least one argument asks for; ``NONE`` asks for none.

    Raises:
        InvalidParameter: it is none.

    """
    kind, *arguments = statement.arguments
    kind = kind.upper()
    if kind == "NONE":
        if arguments:
            raise InvalidParameter("HEALTHCHECK NONE takes no arguments")
        return HealthConfig(test=("NONE",))
    flags = parse_flags(
        statement.flags, texts=["interval", "timeout", "start-period", "start-interval", "retries"]
    )
    if kind != "CMD":
        raise InvalidParameter(f"Unknown type {quoted(kind)} in HEALTHCHECK (try CMD)")
    if not arguments:
        raise InvalidParameter("Missing command after HEALTHCHECK CMD")
    words = arguments if statement.json else [" ".join(arguments)]
    return HealthConfig(
        test=("CMD" if statement.json else "CMD-SHELL", *words),
        interval=_interval(flags, "interval"),
        timeout=_interval(flags, "timeout"),
        start_period=_interval(flags, "start-period"),
        start_interval=_interval(flags, "start-interval"),
        retries=_retries(flags.get("retries", "")),
    )


def _interval(flags: dict[str, str], name: str) -> int:
    text = flags.get(name, "")
    if not text:
        return 0
    nanoseconds = parse_duration(text)
    if nanoseconds and nanoseconds < _MILLISECOND:
        raise InvalidParameter(f"Interval {quoted(name)} cannot be less than 1ms")
    return nanoseconds


_DIGITS = 20
"""As many as Go reads; Python refuses to read some thousands."""


def _retries(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise InvalidParameter(f"strconv.ParseInt: parsing {quoted(text)}: invalid syntax")
    if len(text) > _DIGITS or not -(2**31) <= int(text) < 2**31:
        raise InvalidParameter(f"strconv.ParseInt: parsing {quoted(text)}: value out of range")
    if int(text) < 0:
        raise InvalidParameter(f"--retries cannot be negative ({int(text)})")
    return int(text)
