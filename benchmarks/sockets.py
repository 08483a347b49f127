"""Ask an engine on its socket, without a client whose own time would hide the engine's."""

from collections.abc import Callable
from http.client import HTTPConnection
from socket import AF_UNIX, SOCK_STREAM, socket

from tests.engines.engine import Engine

_VERSION = "/v1.41"


class _Connection(HTTPConnection):
    def __init__(self, engine: Engine) -> None:
        super().__init__("engine", timeout=60)
        self._path = str(engine.socket)

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.connect(self._path)


def request(
    engine: Engine, method: str, path: str, body: bytes | None = None, *, expected: bytes = b""
) -> Callable[[], object]:
    """One request on a connection of its own, as each `docker` command makes it."""

    def call() -> None:
        connection = _Connection(engine)
        try:
            connection.request(method, _VERSION + path, body, {"Content-Type": "application/x-tar"})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            assert expected in text, text
        finally:
            connection.close()

    return call
