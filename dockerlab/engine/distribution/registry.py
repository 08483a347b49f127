"""A registry's client for one repository (OCI distribution specification v1.1)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from dockerlab.engine.distribution.auth import Authorizer
from dockerlab.engine.distribution.challenge import parse_challenges
from dockerlab.engine.distribution.endpoint import Endpoint, origin
from dockerlab.engine.distribution.patience import Patience, retry_after
from dockerlab.engine.distribution.replies import refusal
from dockerlab.engine.distribution.source import RawManifest
from dockerlab.engine.distribution.transport import Body, Dropped, Timeouts, Transport, Unreachable
from dockerlab.engine.errors import (
    DataLoss,
    EngineError,
    SystemFailure,
    TooManyRequests,
    Unauthorized,
)
from dockerlab.engine.oci import (
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    INDEX,
    MANIFEST,
    Descriptor,
    digest_of,
)

if TYPE_CHECKING:
    import aiohttp
    from multidict import CIMultiDictProxy

LARGEST_MANIFEST = 4 << 20  # OCI distribution specification, "Pushing Manifests"
_LARGEST_ERROR = 64 << 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 10
_SCHEMA_1 = (
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
)
_ACCEPTED = ", ".join((INDEX, MANIFEST, DOCKER_MANIFEST_LIST, DOCKER_MANIFEST, *_SCHEMA_1, "*/*"))


@dataclass(frozen=True)
class _Request:
    method: str
    headers: Mapping[str, str]
    body: Body | None
    scopes: tuple[str, ...]


class RegistryRepository:
    """One repository of one registry, for one user."""

    canonical = True

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        path: str,
        authorizer: Authorizer,
        transport: Transport,
        timeouts: Timeouts,
        patience: Patience,
    ) -> None:
        self.name = endpoint.url
        self.mirror = endpoint.mirror
        self._base = f"{endpoint.url}/v2/{quote(path)}"
        self.path = path
        self._authorizer = authorizer
        self._transport = transport
        self._timeouts = timeouts
        self._patience = patience

    @property
    def _pull(self) -> tuple[str, ...]:
        return (f"repository:{self.path}:pull",)

    def url(self, rest: str) -> str:
        """The address of something in this repository: ``blobs/sha256:…``."""
        return f"{self._base}/{rest}"

    async def manifest(self, wanted: str) -> RawManifest:
        """The manifest or index that a tag or a digest names, verified; see ``Source``."""
        for attempt in range(self._patience.attempts - 1):
            try:
                return await self._manifest(wanted)
            except Dropped:
                await asyncio.sleep(self._patience.delay(attempt))
        return await self._manifest(wanted)

    async def _manifest(self, wanted: str) -> RawManifest:
        url = self.url(f"manifests/{quote(wanted, safe=':')}")
        headers, data = await self.document(url, accept=_ACCEPTED)
        media_type = headers.get("Content-Type", "").partition(";")[0].strip()
        stated = headers.get("Docker-Content-Digest", "")
        digest = digest_of(data)
        for expected in (stated, wanted if ":" in wanted else ""):
            if expected.startswith("sha256:") and expected != digest:
                raise DataLoss(f"manifest verification failed for digest {expected}")
        return RawManifest(Descriptor(media_type, digest, len(data)), data)

    def file(self, descriptor: Descriptor) -> None:
        """None: a registry's blobs are on no disk of ours."""

    async def blob(self, descriptor: Descriptor, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from ``offset`` on; see ``Source``."""
        url = self.url(f"blobs/{descriptor.digest}")
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        async with await self.request("GET", url, headers=headers) as response:
            # A server may ignore Range and begin again (RFC 9110, section 14.2).
            skip = offset if response.status == 200 else 0
            if response.status == 206 and not _starts_at(response, offset):
                raise Dropped("the registry answered with another range than was asked for")
            async for piece in self._pieces(response, url):
                if skip >= len(piece):
                    skip -= len(piece)
                    continue
                yield piece[skip:] if skip else piece
                skip = 0

    async def _pieces(
        self, response: "aiohttp.ClientResponse", url: str
    ) -> AsyncGenerator[bytes, None]:
        import aiohttp  # noqa: PLC0415

        try:
            async for piece in response.content.iter_any():
                yield piece
        except TimeoutError as error:
            raise Dropped(f'Get "{url}": no data for {self._timeouts.read:g} seconds') from error
        except (aiohttp.ClientError, OSError) as error:
            raise Dropped(f'Get "{url}": unexpected EOF') from error

    async def document(self, url: str, *, accept: str) -> tuple["CIMultiDictProxy[str]", bytes]:
        """A JSON document of the registry, with the headers that came with it."""
        async with await self.request("GET", url, headers={"Accept": accept}) as response:
            return response.headers, await self._read_whole(response, url)

    async def _read_whole(self, response: "aiohttp.ClientResponse", url: str) -> bytes:
        data = bytearray()
        async for piece in self._pieces(response, url):
            data += piece
            if len(data) > LARGEST_MANIFEST:
                raise DataLoss(f"manifest of more than {LARGEST_MANIFEST >> 20} MiB refused: {url}")
        return bytes(data)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body | None = None,
        scopes: tuple[str, ...] = (),
    ) -> "aiohttp.ClientResponse":
        """An answer that is a success, after as many attempts as patience allows.

        ``body`` is bytes, or a function that begins to give them anew for each attempt. ``scopes``
        are the rights to ask a token service for; without any, to pull.

        Raises:
            Refused: the answer is no.
            Unreachable, Dropped: there is none.
            Unauthorized, TooManyRequests, SystemFailure: neither is there a token.

        """
        wanted = _Request(method, headers, body, scopes or self._pull)
        waited = 0.0
        for attempt in range(self._patience.attempts):
            response = await self._authorized(wanted, url)
            if response.status < 400:
                return response
            async with response:
                body = await _error_body(response)
            last = attempt == self._patience.attempts - 1
            if response.status == 429:
                delay = retry_after(response) or self._patience.delay(attempt)
            elif response.status >= 500:
                delay = self._patience.delay(attempt)
            else:
                last, delay = True, 0.0
            waited += delay
            if last or waited > self._patience.longest_retry_after:
                raise refusal(response.status, body, insufficient_scope=_lacks_scope(response))
            await asyncio.sleep(delay)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _authorized(self, wanted: _Request, url: str) -> "aiohttp.ClientResponse":
        sent = await self._authorizer.header(wanted.scopes)
        for _ in range(2):  # a token that was kept may have been withdrawn since
            response = await self._follow(wanted, url, sent)
            if response.status != 401:
                return response
            better = await self._learn(wanted, url, response, sent)
            if better is None:
                return response
            response.release()
            sent = better
        return await self._follow(wanted, url, sent)

    async def _learn(
        self, wanted: _Request, url: str, response: "aiohttp.ClientResponse", sent: str | None
    ) -> str | None:
        challenges = response.headers.getall("WWW-Authenticate", [])
        try:
            return await self._authorizer.learn(challenges, wanted.scopes, refused=sent)
        except (Unauthorized, SystemFailure, TooManyRequests) as error:
            response.release()
            # Docker asks with HEAD for what a tag names, and so do its sentences.
            by_tag = "/manifests/" in url and "sha256:" not in url
            verb = "Head" if by_tag else wanted.method.capitalize()
            raise _same_kind(error)(f'{verb} "{url}": {error}') from error

    async def _follow(
        self, wanted: _Request, url: str, authorization: str | None
    ) -> "aiohttp.ClientResponse":
        home = origin(self.name)
        for _ in range(_MAX_REDIRECTS):
            headers = dict(wanted.headers)
            if authorization and origin(url) == home:
                headers["Authorization"] = authorization
            response = await self._send(wanted, url, headers)
            target = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not target:
                return response
            response.release()
            url = urljoin(url, target)
            if urlsplit(url).scheme not in ("http", "https"):
                raise SystemFailure(f"{self.name} redirects to {url!r}, which is not a web address")
        raise SystemFailure(f'{wanted.method.capitalize()} "{url}": stopped after 10 redirects')

    async def _send(
        self, wanted: _Request, url: str, headers: Mapping[str, str]
    ) -> "aiohttp.ClientResponse":
        try:
            return await self._transport.send(
                wanted.method, url, headers=headers, body=wanted.body, timeouts=self._timeouts
            )
        except Unreachable as error:
            if not error.dialling or not url.startswith(self._base):
                raise
            # Docker asks for /v2/ first, so that is what its users see in the sentence.
            sentence = f'Get "{self.name}/v2/": {error.reason}'
            raise Unreachable(sentence, reason=error.reason, dialling=True) from error


def _same_kind(error: EngineError) -> type[EngineError]:
    for kind in (Unauthorized, TooManyRequests):
        if isinstance(error, kind):
            return kind
    return SystemFailure


def _starts_at(response: "aiohttp.ClientResponse", offset: int) -> bool:
    stated = response.headers.get("Content-Range", "")
    return not stated or stated.startswith(f"bytes {offset}-")


def _lacks_scope(response: "aiohttp.ClientResponse") -> bool:
    challenges = parse_challenges(response.headers.getall("WWW-Authenticate", []))
    return response.status == 401 and any(
        challenge.parameters.get("error") == "insufficient_scope" for challenge in challenges
    )


async def _error_body(response: "aiohttp.ClientResponse") -> bytes:
    import aiohttp  # noqa: PLC0415

    try:
        return await response.content.read(_LARGEST_ERROR)
    except (aiohttp.ClientError, OSError):
        return b""
