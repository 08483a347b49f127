"""Versions of the Docker Engine API: which are spoken, and which one a client asked for."""

import re
from typing import NamedTuple, Self

from dockerlab.engine.errors import InvalidParameter


class Version(NamedTuple):
    """A version of the API; compares as the numbers it is made of.

    >>> Version.parse("1.9") < Version.parse("1.24")
    True
    """

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The version that ``text`` spells; what is missing or empty counts as zero."""
        numbers = [int(part[:9] or 0) for part in text.split(".")] + [0]
        return cls(numbers[0], numbers[1])

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


NEWEST = Version(1, 51)
OLDEST = Version(1, 24)

_PREFIX = re.compile(r"/v([0-9.]+)(/.*)")


class VersionTooOld(InvalidParameter):
    """The client speaks a version that no engine of today does.

    Clients as old as that read errors as plain text, not as JSON.
    """


def split(path: str) -> tuple[str, str]:
    """Split ``/v1.41/info`` into the version asked for and the rest; ``""`` where none was.

    >>> split("/v1.41/info"), split("/info")
    (('1.41', '/info'), ('', '/info'))
    """
    match = _PREFIX.fullmatch(path)
    return (match[1], match[2]) if match else ("", path)


def negotiate(text: str) -> Version:
    """The version to answer in; without a prefix it is the newest.

    Raises:
        VersionTooOld: it is older than ``OLDEST``.
        InvalidParameter: it is newer than ``NEWEST``.

    """
    if not text:
        return NEWEST
    version = Version.parse(text)
    if version < OLDEST:
        raise VersionTooOld(
            f"client version {text} is too old. Minimum supported API version is {OLDEST}, "
            "please upgrade your client to a newer version"
        )
    if version > NEWEST:
        raise InvalidParameter(
            f"client version {text} is too new. Maximum supported API version is {NEWEST}"
        )
    return version
