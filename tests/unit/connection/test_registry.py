"""Whether a registry answers, asked of real servers on loopback."""

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dockerlab.connection.registry import ask_registries, ask_registry, registry_urls


@contextmanager
def web_server(status: int) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v2/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("status", "answers"), [(200, True), (401, True), (404, False)])
def test_200_and_401_mean_yes(status: int, *, answers: bool) -> None:
    with web_server(status) as url:
        assert ask_registry(url).answers is answers


def test_a_silent_registry_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        [answer] = ask_registries([f"http://127.0.0.1:{silent.getsockname()[1]}"], timeout=0.3)
    assert not answer.answers
    assert time.monotonic() - start < 2


def test_answers_come_in_the_order_asked() -> None:
    with web_server(200) as here:
        found = ask_registries(["http://127.0.0.1:1", here, "nonsense://"])
    assert [answer.answers for answer in found] == [False, True, False]


def test_nothing_to_ask() -> None:
    assert ask_registries([]) == []


def test_mirrors_come_first_and_once() -> None:
    urls = registry_urls(
        ("http://own:5000",), environ={"DOCKERLAB_REGISTRY_MIRRORS": "http://own:5000 b.example"}
    )
    assert urls == ["http://own:5000", "https://b.example", "https://registry-1.docker.io"]


def test_loopback_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with web_server(200) as url:
        assert ask_registry(url).answers
    assert not ask_registry("http://registry.invalid").answers
