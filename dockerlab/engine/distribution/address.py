"""What an address of the web leads to: ``ADD https://…`` and ``docker import https://…``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from dockerlab.engine.distribution.transport import describe
from dockerlab.engine.errors import NotFound, SystemFailure

if TYPE_CHECKING:
    import aiohttp

_MOST_SAID = 1 << 16
_PIECE = 1 << 16
_SCHEMES = ("http", "https")


@asynccontextmanager
async def opened(address: str) -> AsyncIterator["aiohttp.ClientResponse"]:
    """The answer to a GET of ``address``, whose body is yet to be read.

    Raises, also when the connection breaks inside the block:
        NotFound: the server has nothing there.
        SystemFailure: it refuses, or there is no server, or no such scheme.

    """
    import aiohttp  # noqa: PLC0415 - seldom needed, and slow to import

    scheme = address.partition("://")[0]
    if scheme not in _SCHEMES:
        raise SystemFailure(f'Get "{address}": unsupported protocol scheme "{scheme}"')
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
    try:
        async with (
            aiohttp.ClientSession(trust_env=True, timeout=timeout) as session,
            session.get(address) as response,
        ):
            if response.status >= HTTPStatus.BAD_REQUEST:
                said = (await response.content.read(_MOST_SAID)).decode(errors="replace")
                kind = NotFound if response.status == HTTPStatus.NOT_FOUND else SystemFailure
                raise kind(
                    f"failed to GET {address} with status {response.status} {response.reason}:"
                    f" {said}"
                )
            yield response
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise SystemFailure(f'Get "{address}": {describe(error)}') from error


async def pieces(response: "aiohttp.ClientResponse") -> AsyncIterator[bytes]:
    """The body of the answer, as it comes; raises SystemFailure when the connection breaks."""
    import aiohttp  # noqa: PLC0415

    try:
        async for piece in response.content.iter_chunked(_PIECE):
            yield piece
    except (aiohttp.ClientError, TimeoutError) as error:
        raise SystemFailure(f'Get "{response.url}": {describe(error)}') from error
