"""What a server asks for when it answers 401 (RFC 9110, section 11.6.1, WWW-Authenticate)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=[\s,]|$)(?!\s*=)\s*")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*\s*(?:,|$)")


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate: ``scheme`` in lower case and its parameters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge of the WWW-Authenticate headers; what is malformed is left out.

    >>> parse_challenges(['Bearer realm="https://auth.example/token",service="r"'])[0].parameters
    {'realm': 'https://auth.example/token', 'service': 'r'}
    """
    found: list[Challenge] = []
    for header in headers:
        found.extend(_challenges(header))
    return tuple(found)


def _challenges(header: str) -> Iterable[Challenge]:
    position = 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
            parameters.setdefault(name.lower(), value)
            position = parameter.end()
        if not parameters and (blob := _TOKEN68.match(header, position)):
            position = blob.end()
        yield Challenge(scheme.group(1).lower(), parameters)
