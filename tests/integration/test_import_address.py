"""`docker import` of an address, and what is said where there is nothing."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.engines.engine import Engine
from tests.engines.images import busybox


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server with one archive."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "root.tar").write_bytes(busybox().layers[0].tar)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_archive_is_fetched_and_becomes_an_image(engine: Engine, site: str) -> None:
    done = engine.docker("import", "-c", 'CMD ["echo", "ran"]', f"{site}/root.tar", "t-web")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"Downloading from {site}/root.tar"
    assert lines[-1].startswith("sha256:")
    assert engine.docker("run", "--rm", "--network", "none", "t-web").stdout == b"ran\n"
    engine.docker("rmi", "t-web")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("{site}/nosuch", "failed to GET {site}/nosuch with status 404"),
        ("http://127.0.0.1:1/x", 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect'),
    ],
)
def test_what_is_not_there(engine: Engine, site: str, address: str, words: str) -> None:
    done = engine.docker("import", address.format(site=site), "t-web")
    assert done.returncode == 1
    assert words.format(site=site) in done.stderr.decode()


def test_no_other_scheme_is_followed(engine: Engine, tmp_path: Path) -> None:
    client = engine.client()
    try:
        answer = client.api.post(
            f"{client.api.base_url}/v1.51/images/create",
            params={"fromSrc": f"file://{tmp_path}/root.tar", "repo": "t-web"},
        )
    finally:
        client.close()
    assert answer.status_code == 500
    assert 'unsupported protocol scheme "file"' in answer.json()["message"]
