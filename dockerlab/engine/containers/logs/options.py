"""What ``--log-driver`` and ``--log-opt`` may say."""

import re
from collections.abc import Mapping

from dockerlab.engine.errors import InvalidParameter

OPTIONS = frozenset(
    {
        "max-size",
        "max-file",
        "compress",
        "labels",
        "labels-regex",
        "env",
        "env-regex",
        "tag",
        "mode",
        "max-buffer-size",
    }
)


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def check_options(kind: str, options: Mapping[str, str]) -> None:
    """Refuse what is no log driver here, or no option of it; raises InvalidParameter."""
    if kind not in ("", "json-file", "local", "none"):
        raise InvalidParameter(f'error looking up logging plugin {kind}: plugin "{kind}" not found')
    for name in options:
        if name not in OPTIONS:
            raise InvalidParameter(f"unknown log opt '{name}' for {kind or 'json-file'} log driver")


def parse_size(text: str) -> int:
    """Bytes of a size like ``10m``; raises InvalidParameter.

    >>> parse_size("10k")
    10240
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidParameter(f"invalid size: '{text}'")
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()])
