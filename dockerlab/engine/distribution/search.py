"""Searching for images, where a registry can.

Neither Docker's registry nor the OCI distribution specification has a search. Docker Hub answers
``/v1/search``, a call of Docker's first registry, and that is what ``docker search`` asks.
"""

from urllib.parse import urlencode

import msgspec

from dockerlab.engine.distribution.endpoint import DOCKER_HUB, registry_endpoint
from dockerlab.engine.distribution.transport import Timeouts, Transport
from dockerlab.engine.errors import SystemFailure

INDEX = "https://index.docker.io"
LIMIT = 25
_LARGEST_ANSWER = 1 << 20


class SearchResult(msgspec.Struct, frozen=True):
    """One repository that was found (Docker Engine API, ``ImageSearch``)."""

    name: str = ""
    description: str = ""
    star_count: int = 0
    is_official: bool = False
    is_automated: bool = False


class _Answer(msgspec.Struct, frozen=True):
    results: tuple[SearchResult, ...] | None = None


async def search(
    term: str, *, limit: int, transport: Transport, timeouts: Timeouts
) -> tuple[SearchResult, ...]:
    """The repositories that a registry finds for ``term``; ``host/term`` asks another than the Hub.

    Raises:
        SystemFailure: the registry does not answer, or knows no search.

    """
    host, slash, rest = term.partition("/")
    elsewhere = bool(slash) and ("." in host or ":" in host or host == "localhost")
    if elsewhere and host not in (DOCKER_HUB, "index.docker.io"):
        base, asked = registry_endpoint(host).url, rest
    else:
        base, asked = INDEX, rest if elsewhere else term
    url = f"{base}/v1/search?{urlencode({'q': asked, 'n': limit or LIMIT})}"
    response = await transport.send("GET", url, headers={}, timeouts=timeouts)
    async with response:
        body = await response.content.read(_LARGEST_ANSWER)
        if response.status != 200:
            raise SystemFailure(
                f"{base} offers no search (status {response.status}): it is a call that Docker Hub"
                " has, and hardly any other registry"
            )
    try:
        return msgspec.json.decode(body, type=_Answer).results or ()
    except msgspec.DecodeError as error:
        raise SystemFailure(f"error decoding search results of {base}: {error}") from error
