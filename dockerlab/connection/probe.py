"""Ask one address whether a Docker API answers there, and if not, why not.

`GET /_ping` on a bare socket rather than through the SDK: it costs no import of `requests`, and
every way of failing keeps its own exception.
"""

import errno
import http.client
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dockerlab.connection.address import Address
from dockerlab.errors import (
    NoAnswer,
    NotDocker,
    NothingListens,
    SocketForbidden,
    SocketMissing,
    TLSProblem,
)

TIMEOUT = 3.0
"""Seconds to wait for a connection and for an answer. A busy engine answers a ping in 0.1 s."""


@dataclass(frozen=True)
class Ping:
    """What an engine says of itself in the headers of its answer to `/_ping`."""

    api_version: str
    server: str
    libpod: bool


def probe(address: Address, *, timeout: float = TIMEOUT) -> Ping:
    """Return the answer to a ping.

    Raises:
        ConnectionProblem: the branch of it that says what went wrong.

    """
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    try:
        connection.sock = _open(address, timeout)
        connection.request("GET", "/_ping")
        response = connection.getresponse()
        response.read(1024)
    except (OSError, http.client.HTTPException) as error:
        _raise_reason(error, address, timeout)
    finally:
        connection.close()
    version = response.headers.get("Api-Version", "")
    if not version or response.status >= http.client.INTERNAL_SERVER_ERROR:
        raise NotDocker(address=address)
    return Ping(
        api_version=version,
        server=response.headers.get("Server", ""),
        libpod="Libpod-Api-Version" in response.headers,
    )


def _open(address: Address, timeout: float) -> socket.socket:
    if address.socket is not None:
        return _open_unix(address.socket, timeout)
    plain = socket.create_connection(address.host_and_port, timeout=timeout)
    if not address.tls:
        return plain
    try:
        return tls_context(address).wrap_socket(plain, server_hostname=address.host_and_port[0])
    except BaseException:
        plain.close()
        raise


def _open_unix(path: Path, timeout: float) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(timeout)
    try:
        stream.connect(str(path))
    except BaseException:
        stream.close()
        raise
    return stream


def tls_context(address: Address) -> ssl.SSLContext:
    """Return the settings of a secured connection: who we trust, and who we say we are.

    Raises:
        OSError: a certificate is missing or not readable.

    """
    context = ssl.create_default_context()
    folder = address.certificates
    if folder is not None and (folder / "ca.pem").exists():
        context.load_verify_locations(folder / "ca.pem")
    if not address.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if folder is not None and (folder / "cert.pem").exists():
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _raise_reason(
    error: OSError | http.client.HTTPException, address: Address, timeout: float
) -> NoReturn:
    where = {"address": address}
    match error:
        # The TLS errors come first: they are OSErrors too.
        case ssl.SSLError():
            raise TLSProblem(address=address, reason=_tls_reason(error)) from error
        case TimeoutError():
            raise NoAnswer(address=address, seconds=f"{timeout:g}") from error
        case PermissionError():
            podman = "podman" in address.url
            key = "connection.socket_forbidden_podman" if podman else SocketForbidden.key
            raise SocketForbidden(key, address=address) from error
        case FileNotFoundError() | NotADirectoryError() if address.socket:
            raise SocketMissing(address=address) from error
        case socket.gaierror():
            raise NothingListens("connection.host_unknown", **where) from error
        case OSError(errno=errno.ENOTSOCK) | http.client.HTTPException():
            raise NotDocker(address=address) from error
        case ConnectionRefusedError() if address.socket and not address.socket.is_socket():
            # Linux refuses to connect to a plain file; other kernels say ENOTSOCK.
            raise NotDocker(address=address) from error
        case ConnectionResetError() | BrokenPipeError():
            raise NotDocker(address=address) from error
        case FileNotFoundError():
            raise TLSProblem(address=address, reason=error.strerror) from error
        case _:
            raise NothingListens(address=address) from error


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or str(error)).replace("_", " ").lower()
