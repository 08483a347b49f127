"""Published ports (``docker run -p``), where containers have no network of their own.

What listens on a container's port 80 listens on the machine's. So ``-p 80:80`` opens nothing, and
``-p 8080:80`` one more listener, which passes on what it is sent: on loopback only, whatever
address was asked for, since a teaching engine should offer nothing to the neighbours by itself.
With ``--network host`` Docker discards such wishes, and with ``none`` nobody could come in.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from dockerlab.engine.containers.config import HostConfig, PortBinding
from dockerlab.engine.containers.model import Container
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere, SystemFailure

EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"  # noqa: S104 - said, not opened
_CHUNK = 64 * 1024


class Port(NamedTuple):
    """A port of the machine that leads to one of a container."""

    inner: int
    protocol: str
    outer: int

    @property
    def name(self) -> str:
        """As Docker calls the container's port, for example ``80/tcp``."""
        return f"{self.inner}/{self.protocol}"

    @property
    def address(self) -> str:
        """Where the machine's port can be reached: a port of the container's own decides itself."""
        return EVERYWHERE if self.inner == self.outer else LOOPBACK


def published(container: Container) -> tuple[Port, ...]:
    """The ports that lead to this container while it runs.

    Raises:
        InvalidParameter: what was asked for is no port.
        NotImplementedHere: it cannot be had here.

    """
    host = container.spec.host
    if host.network_mode in ("none", "host") or host.network_mode.startswith("container:"):
        return ()
    asked = list(_asked(host.port_bindings or {}))
    if host.publish_all_ports:
        asked += [_port(name, "") for name in container.spec.config.exposed_ports or {}]
    return tuple(dict.fromkeys(asked))


def discarded(host: HostConfig) -> tuple[str, ...]:
    """Docker's warning where ports are asked for that nothing will be published of."""
    if host.network_mode == "host" and host.port_bindings:
        return ("Published ports are discarded when using host network mode",)
    return ()


def _asked(bindings: dict[str, tuple[PortBinding, ...] | None]) -> Iterator[Port]:
    for name, each in bindings.items():
        yield from (_port(name, binding.host_port) for binding in each or (PortBinding(),))


def _port(name: str, outer: str) -> Port:
    number, _, protocol = name.partition("/")
    if "-" in outer:
        raise NotImplementedHere("this engine picks no port from a range: name one")
    for text in (number, outer or "0"):
        if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
            raise InvalidParameter(f"invalid port specification: {text!r}")
    # Docker picks a free port where none is said; here the container's own is there anyway.
    port = Port(int(number), protocol or "tcp", int(outer or 0) or int(number))
    if port.inner != port.outer and port.protocol != "tcp":
        raise NotImplementedHere(
            f"containers have the machine's own network, and only tcp is passed on to another port:"
            f" publish {port.name} as {port.inner}"
        )
    return port


class Forwarding:
    """The listeners that pass on to containers' ports."""

    def __init__(self) -> None:
        self._servers: dict[str, list[asyncio.Server]] = {}

    async def open(self, container: Container) -> None:
        """Listen on every port that is not the container's own.

        Raises:
            SystemFailure: the machine's port is taken, or not for this user.

        """
        servers = self._servers.setdefault(container.id, [])
        for port in published(container):
            if port.inner != port.outer:
                servers.append(await _listen(port))

    def close(self, container_id: str) -> None:
        """Listen no more; what is being passed on ends with the container."""
        for server in self._servers.pop(container_id, ()):
            server.close()

    def close_all(self) -> None:
        """Listen for no container any more."""
        for container_id in list(self._servers):
            self.close(container_id)


async def _listen(port: Port) -> asyncio.Server:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await _pass_on(reader, writer, port.inner)
        writer.close()

    try:
        return await asyncio.start_server(accept, LOOPBACK, port.outer)
    except OSError as error:
        raise SystemFailure(
            "failed to set up container networking: failed to bind host port"
            f" {LOOPBACK}:{port.outer}/tcp: {(error.strerror or str(error)).lower()}"
        ) from None


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inner: int) -> None:
    back, there = await asyncio.open_connection(LOOPBACK, inner)
    try:
        await asyncio.gather(_copy(reader, there), _copy(back, writer))
    finally:
        there.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
