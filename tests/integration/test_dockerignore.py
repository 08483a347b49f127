"""Which files the real `docker` command leaves out, and which our rules leave out: the same."""

import io
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dockerlab.engine.builder.wildcards import Ignored, read_patterns
from dockerlab.engine.errors import InvalidParameter
from tests.engines.engine import environment_for

FILES = ("a", "b.go", "ab", "a.b/a", "d/a", "d/b.go", "d/e/a", "d/e/b", "x/y/z/a", "[a]", "a*")
ALWAYS = {"Dockerfile", ".dockerignore"}


class _Listener(BaseHTTPRequestHandler):
    """Takes in the context of a build, and builds nothing."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(b"OK")

    def do_POST(self) -> None:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        assert isinstance(self.server, _Server)
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            self.server.sent = {entry.name for entry in tar if entry.isfile()}
        self._answer(b'{"stream":"ok"}\n')

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Api-Version", "1.43")
        self.send_header("Builder-Version", "1")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def address_string(self) -> str:
        return "client"

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True
    sent: set[str]


class Client:
    """The real client, with a server that only listens."""

    def __init__(self, server: _Server, folder: Path, socket: Path) -> None:
        self._server = server
        self.folder = folder
        self._environment = environment_for(socket, config=folder.with_name("config"))

    def sends(self, patterns: bytes) -> set[str] | None:
        """The files that it sends; None if it refuses the patterns."""
        (self.folder / ".dockerignore").write_bytes(patterns)
        self._server.sent = set()
        done = subprocess.run(
            ["docker", "build", "-q", str(self.folder)],
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=20,
        )
        return self._server.sent - ALWAYS if done.returncode == 0 else None


@pytest.fixture(scope="module")
def client(docker_cli: None, session_directory: Path) -> Iterator[Client]:
    place = session_directory / "ignoring"
    folder = place / "context"
    for name in (*FILES, "Dockerfile"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM scratch\n")
    (place / "config").mkdir()
    with _Server(str(place / "s.sock"), _Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Client(server, folder, Path(os.fspath(place / "s.sock")))
        server.shutdown()
    shutil.rmtree(place)


_PIECES = st.sampled_from(
    ["a", "b", "d", "e", "*", "**", "?", "[a]", "[^b]", "\\*", ".", "..", "go"]
)
_PATTERNS = st.lists(_PIECES, min_size=1, max_size=3).flatmap(
    lambda pieces: st.sampled_from(["/", "", "."]).map(lambda between: between.join(pieces))
)
_LINES = st.tuples(st.sampled_from(["", "!", "/", "! ", "# "]), _PATTERNS).map("".join)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=st.lists(_LINES, max_size=4))
@example(lines=["*", "!d/e", "d/e/b"])
@example(lines=["**", "!**/a"])
@example(lines=["**a"])
@example(lines=["[a"])
@example(lines=["!"])
@example(lines=["d/**/b.go", "x/**"])
@example(lines=["[[]a]", "a\\*"])
def test_the_same_files_are_left_out(client: Client, lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    try:
        ignored: Ignored | None = Ignored(read_patterns(data))
    except InvalidParameter:
        ignored = None
    expected = None if ignored is None else {name for name in FILES if stays(name, ignored)}
    assert client.sends(data) == expected


def stays(name: str, ignored: Ignored) -> bool:
    above = [name[:place] for place, character in enumerate(name) if character == "/"]
    return name not in ignored and not any(map(ignored.hides, above))
