"""Searching for images, where a registry can.

Neither Docker's registry nor the OCI distribution specification has a search. Docker Hub answers
``/v1/search``, a call of Docker's first registry, and that is what ``docker search`` asks.
"""

from urllib.parse import urlencode

import msgspec

from dockerlab.engine.distribution.endpoint import DOCKER_HUB, registry_endpoint
from dockerlab.engine.distribution.transport import Timeouts, Transport
from dockerlab.engine.errors import InvalidParameter, SystemFailure
from dockerlab.engine.filters import Filters

INDEX = "https://index.docker.io"
LIMIT = 25
_LARGEST_ANSWER = 1 << 20
_MOST = 100
_FILTERS = frozenset({"is-automated", "is-official", "stars"})


class SearchResult(msgspec.Struct, frozen=True):
    """One repository that was found (Docker Engine API, ``ImageSearch``)."""

    name: str = ""
    description: str = ""
    star_count: int = 0
    is_official: bool = False
    is_automated: bool = False


class _Answer(msgspec.Struct, frozen=True):
    results: tuple[SearchResult, ...] | None = None


class Wanted(msgspec.Struct, frozen=True):
    """Which of the repositories found are wanted, and how many are to be found at most."""

    limit: int = LIMIT
    stars: int = 0
    official: bool | None = None
    none: bool = False
    """Automated ones: there are none any more."""

    def fits(self, found: SearchResult) -> bool:
        """Whether this one is wanted."""
        return found.star_count >= self.stars and self.official in (None, found.is_official)


def wanted(filters: Filters, limit: int) -> Wanted:
    """Read a client's filters and limit; raises InvalidParameter, in Docker's words."""
    filters.check(_FILTERS)
    if not 0 <= limit <= _MOST:
        raise InvalidParameter(f"limit {limit} is outside the range of [1, {_MOST}]")
    automated = filters.boolean("is-automated", default=False)
    official = filters.boolean("is-official", default=False) if "is-official" in filters else None
    stars = max((_stars(value) for value in filters.values("stars")), default=0)
    return Wanted(limit=limit or LIMIT, stars=stars, official=official, none=automated)


def _stars(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise InvalidParameter(
            f"invalid filter 'stars={value}': strconv.Atoi: parsing \"{value}\": invalid syntax"
        ) from None


async def search(
    term: str, which: Wanted, *, transport: Transport, timeouts: Timeouts
) -> tuple[SearchResult, ...]:
    """The repositories that a registry finds for ``term``; ``host/term`` asks another than the Hub.

    Raises:
        InvalidParameter: the term has a scheme, or there is no registry where it says.
        SystemFailure: the registry does not answer, or knows no search.

    """
    if which.none:
        return ()
    if "://" in term:
        raise InvalidParameter(
            f"invalid repository name: repository name ({term}) should not have a scheme"
        )
    host, slash, rest = term.partition("/")
    elsewhere = bool(slash) and ("." in host or ":" in host or host == "localhost")
    if elsewhere and host not in (DOCKER_HUB, "index.docker.io"):
        base, asked = await _answering(host, transport, timeouts), rest
    else:
        base, asked = INDEX, (rest if elsewhere else term).removeprefix("library/")
    url = f"{base}/v1/search?{urlencode({'q': asked, 'n': which.limit})}"
    response = await transport.send("GET", url, headers={}, timeouts=timeouts)
    async with response:
        body = await response.content.read(_LARGEST_ANSWER)
        if response.status != 200:
            raise SystemFailure(f"Unexpected status code {response.status}")
    try:
        found = msgspec.json.decode(body, type=_Answer).results or ()
    except msgspec.DecodeError as error:
        raise SystemFailure(f"error decoding search results of {base}: {error}") from error
    return tuple(msgspec.structs.replace(e, is_automated=False) for e in found if which.fits(e))


async def _answering(host: str, transport: Transport, timeouts: Timeouts) -> str:
    """The address at which a registry answers: with TLS, or where that is allowed without."""
    secure = f"https://{host}"
    try:
        await _ping(secure, transport, timeouts)
    except SystemFailure as error:
        plain = registry_endpoint(host).url
        if plain == secure:
            raise InvalidParameter(f"invalid registry endpoint {secure}/v1/: {error}") from None
        try:
            await _ping(plain, transport, timeouts)
        except SystemFailure as other:
            raise InvalidParameter(
                f'invalid registry endpoint "{plain}/v1/". HTTPS attempt: {error}.'
                f" HTTP attempt: {other}"
            ) from None
        return plain
    return secure


async def _ping(base: str, transport: Transport, timeouts: Timeouts) -> None:
    """Whatever the answer, it is one."""
    url = f"{base}/v1/_ping"
    async with await transport.send("GET", url, headers={}, timeouts=timeouts):
        return
