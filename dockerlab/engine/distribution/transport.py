"""HTTP as registries need it: proxies, time-outs, and failures told in Docker's words."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.engine.distribution.proxies import Proxies
from dockerlab.engine.errors import SystemFailure

if TYPE_CHECKING:
    import aiohttp

_READ_BUFFER = 1 << 20
_CONNECT_CALL = re.compile(r"Connect call failed \('([^']+)', (\d+)")


Body = bytes | Callable[[], AsyncIterator[bytes]]
"""What is sent: bytes, or a function that begins to give them anew for each attempt."""


class Unreachable(SystemFailure):
    """No answer at all: refused, unknown host, bad certificate, time-out.

    ``reason`` is the sentence without the request; ``dialling`` says that there was not even a
    connection.
    """

    def __init__(self, sentence: str, *, reason: str = "", dialling: bool = False) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.dialling = dialling


class Dropped(SystemFailure):
    """The connection ended, or stalled, in the middle of an answer."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes on it."""

    connect: float = 15.0
    read: float = 60.0


MIRROR_TIMEOUTS = Timeouts(connect=3.0, read=10.0)


class Transport:
    """The HTTP connections of an engine; opened at the first request."""

    def __init__(self, *, environ: Mapping[str, str] | None = None) -> None:
        """Proxies are taken from ``environ``, by default the environment of the process."""
        self._proxies = Proxies(os.environ if environ is None else environ)
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> "aiohttp.ClientSession":
        # Imported at the first use: an engine that never pulls must start without it.
        import aiohttp  # noqa: PLC0415

        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # a digest is of the bytes as they are transferred
                read_bufsize=_READ_BUFFER,
                skip_auto_headers={"User-Agent"},
            )
        return self._session

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: Body | None = None,
        timeouts: Timeouts,
    ) -> "aiohttp.ClientResponse":
        """One request, one answer, of whatever status; redirects are not followed.

        Raises:
            Unreachable: there is no answer.
            Dropped: the connection was made, and ended before an answer.

        """
        import aiohttp  # noqa: PLC0415
        from yarl import URL  # noqa: PLC0415

        # Until there is a connection, looking the name up included; then between any two bytes.
        timeout = aiohttp.ClientTimeout(
            total=None, connect=timeouts.connect, sock_read=timeouts.read
        )
        try:
            return await self._open().request(
                method,
                URL(url, encoded=True),
                headers={"Accept-Encoding": "identity", "User-Agent": "dockerlab", **headers},
                data=body() if callable(body) else body,
                timeout=timeout,
                proxy=self._proxies.proxy_for(url),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            sentence = f'{method.capitalize()} "{url}": {describe(error)}'
            if _ended_early(error):
                raise Dropped(sentence) from error
            dialling = isinstance(
                error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError
            )
            raise Unreachable(sentence, reason=describe(error), dialling=dialling) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            # Sockets are closed by callbacks that the loop has yet to run.
            await asyncio.sleep(0)


def _ended_early(error: Exception) -> bool:
    import aiohttp  # noqa: PLC0415

    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)


def describe(error: Exception) -> str:
    """Why there was no answer, in the words that Docker's users search for."""
    import aiohttp  # noqa: PLC0415

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", error.certificate_error)
        return f"tls: failed to verify certificate: {reason}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _describe_dial(error)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return (
            "net/http: request canceled while waiting for connection "
            "(Client.Timeout exceeded while awaiting headers)"
        )
    if isinstance(error, TimeoutError):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    return str(error) or type(error).__name__


def _describe_dial(error: "aiohttp.ClientConnectorError") -> str:
    called = _CONNECT_CALL.search(str(error.os_error))
    host, port = called.groups() if called else (error.host, error.port)
    address = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    number = error.os_error.errno
    reason = os.strerror(number).lower() if number and number > 0 else str(error.os_error)
    return f"dial tcp {address}: connect: {reason}"
