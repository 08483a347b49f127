"""The Docker SDK for Python on the embedded engine, and raw requests that no SDK would send."""

import io
import json
import os
import socket
import struct
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker.errors
import pytest
from docker import DockerClient
from docker.models.containers import Container

from tests.engines.engine import Engine

# The SDK shuts a stream's socket down when it is closed, and leaves the socket to be collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def client(embedded_engine: Engine) -> Iterator[DockerClient]:
    """A client of the engine, on which busybox is."""
    client = embedded_engine.client()
    client.images.pull("busybox")
    yield client
    for container in client.containers.list(all=True, filters={"name": "^s-"}):
        container.remove(force=True)
    client.close()


def test_run_gives_the_output_and_raises_on_failure(client: DockerClient) -> None:
    assert client.containers.run("busybox", "echo hello", remove=True) == b"hello\n"
    with pytest.raises(docker.errors.ContainerError) as caught:
        client.containers.run("busybox", "sh -c 'echo bad >&2; exit 4'", remove=True)
    assert caught.value.exit_status == 4
    assert "bad" in str(caught.value)


def test_a_container_through_its_life(client: DockerClient) -> None:
    made = client.containers.create("busybox", "sleep 100", name="s-life", environment={"A": "b"})
    assert made.status == "created"
    made.start()
    made.reload()
    assert made.status == "running"
    assert made.attrs["Config"]["Env"][0] == "A=b"
    assert [each.name for each in client.containers.list()] == ["s-life"]
    made.rename("s-other")
    made.kill()
    assert made.wait()["StatusCode"] == 137
    made.remove()
    with pytest.raises(docker.errors.NotFound):
        client.containers.get("s-other")


def test_logs_are_followed_to_their_end(client: DockerClient) -> None:
    script = "sh -c 'for i in 1 2 3; do echo line $i; sleep 0.2; done'"
    made = client.containers.run("busybox", script, name="s-logs", detach=True)
    assert b"".join(made.logs(stream=True, follow=True)) == b"line 1\nline 2\nline 3\n"
    assert made.logs(tail=1) == b"line 3\n"
    assert made.logs(stdout=False, stderr=True) == b""


def test_an_attached_socket_carries_both_ways(client: DockerClient) -> None:
    made = client.containers.create("busybox", "cat", name="s-attach", stdin_open=True)
    with _attached(made) as plug:
        made.start()
        plug.sendall(b"through\n")
        assert struct.unpack(">BxxxL", plug.recv(8)) == (1, 8)
        assert plug.recv(100) == b"through\n"
    made.kill()


def test_a_socket_that_closes_one_half_still_gets_the_answer(client: DockerClient) -> None:
    config = client.api.create_container_config("busybox", ["sh", "-c", "cat; echo end"])
    config |= {"OpenStdin": True, "StdinOnce": True, "AttachStdin": True}
    made_id = client.api.create_container_from_config(config, "s-half")["Id"]  # type: ignore[no-untyped-call]
    made = client.containers.get(made_id)
    with _attached(made) as plug:
        made.start()
        plug.sendall(b"in\n")
        plug.shutdown(socket.SHUT_WR)
        data = b""
        while part := plug.recv(4096):
            data += part
    assert b"".join(_frames(data)) == b"in\nend\n"


def test_events_are_seen_as_they_happen(client: DockerClient) -> None:
    seen: list[str] = []
    stream = client.events(decode=True, filters={"container": "s-event"})
    reader = threading.Thread(
        target=lambda: seen.extend(event["Action"] for event in stream), daemon=True
    )
    reader.start()
    made = client.containers.create("busybox", "true", name="s-event")
    made.start()
    made.wait()
    made.remove()
    deadline = time.monotonic() + 10
    while "destroy" not in seen and time.monotonic() < deadline:
        time.sleep(0.05)
    stream.close()
    assert seen == ["create", "start", "die", "destroy"]


def test_images_are_saved_loaded_and_imported(client: DockerClient, tmp_path: Path) -> None:
    saved = b"".join(client.images.get("busybox").save(named=True))
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        assert "manifest.json" in tar.getnames()
    (loaded,) = client.images.load(saved)
    assert "busybox:latest" in loaded.tags
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    (tmp_path / "root.tar").write_bytes(archive.getvalue())
    client.api.import_image_from_file(str(tmp_path / "root.tar"), repository="s-imported", tag="1")
    assert client.images.get("s-imported:1").attrs["Comment"].startswith("Imported from")
    client.images.remove("s-imported:1")


def test_what_is_not_there_yet_says_so(client: DockerClient) -> None:
    with pytest.raises(docker.errors.APIError, match="can make no others") as caught:
        client.networks.create("s-net")
    assert caught.value.status_code == 501


JSON = "Content-Type: application/json\r\n"
TEXT = "Content-Type: text/plain\r\n"
REFUSED = [
    ("GET /nosuch", "", 404, "page not found"),
    ("PATCH /info", "", 404, "page not found"),
    ("GET /v1.52/info", "", 400, "client version 1.52 is too new"),
    ("GET /v1.23/info", "", 400, "client version 1.23 is too old"),
    ("GET /containers/nosuch/json", "", 404, "No such container: nosuch"),
    ("GET /containers/a%2Fb%00c/json", "", 404, "No such container: a/b"),
    ("GET /images/a%00b/json", "", 400, "invalid reference format"),
    ("GET /images/" + "x" * 500_000 + "/json", "", 400, "repository name must not be more than"),
    ("GET /containers/json?filters=x", "", 400, "invalid filter"),
    ("GET /containers/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D", "", 400, "invalid filter 'n"),
    ("GET /containers/json?limit=x", "", 400, 'parsing "x": invalid syntax'),
    ("POST /containers/create", "x", 400, "malformed Content-Type header ()"),
    ("POST /containers/create", TEXT + "x", 400, "unsupported Content-Type header (text/plain)"),
    ("POST /containers/create", JSON, 400, "invalid JSON: got EOF while reading request body"),
    ("POST /containers/create", JSON + "{", 400, "invalid JSON: unexpected EOF"),
    ("POST /containers/create", JSON + "{} x", 400, "unexpected content after JSON"),
    ("POST /containers/create", JSON + "[]", 400, "invalid JSON"),
    ("POST /containers/create", JSON + '{"Image": 3}', 400, "invalid JSON"),
    ("POST /containers/create", JSON + "{}", 400, "config cannot be empty"),
    ("POST /containers/create", JSON + '{"Image": "nosuch"}', 404, "No such image: nosuch:latest"),
    ("POST /containers/create", JSON + '{"Image": "UP:"}', 400, "invalid reference format"),
    ("POST /containers/nosuch/wait?condition=x", "", 400, 'invalid condition: "x"'),
    ("POST /containers/nosuch/resize?h=x&w=1", "", 400, 'invalid resize height "x"'),
    ("POST /containers/nosuch/kill", "", 404, "cannot kill container: nosuch: No such container"),
    ("POST /images/create?fromImage=UP", "", 400, "must be lowercase"),
    ("POST /images/create?fromImage=scratch", "", 403, "'scratch' is a reserved name"),
    ("POST /images/busybox/tag?repo=sha256", "", 400, "refusing to create an ambiguous tag"),
    ("DELETE /images/%20", "", 400, "image name cannot be blank"),
    ("GET /images/get?names=nosuch", "", 404, "No such image: nosuch"),
    ("GET /events?since=5&until=3", "", 400, "cannot be after"),
    ("GET /swarm", "", 503, "This node is not a swarm manager"),
    ("GET /networks/nosuch", "", 404, "network nosuch not found"),
    ("GET /volumes/nosuch", "", 404, "get nosuch: no such volume"),
    ("DELETE /networks/none", "", 403, "none is a pre-defined network"),
    ("GET /system/df?type=x", "", 400, "unknown object type: x"),
    ("POST /exec/nosuch/start", JSON + "{}", 404, "No such exec instance: nosuch"),
    ("GET /info HTTP/9.9", "", 400, ""),
]


@pytest.mark.parametrize(
    ("request_line", "rest", "status", "sentence"), REFUSED, ids=lambda v: str(v)[:40]
)
def test_bad_requests_get_dockers_status_and_sentence(
    embedded_engine: Engine, request_line: str, rest: str, status: int, sentence: str
) -> None:
    headers, _, body = rest.rpartition("\r\n")
    headers = f"{headers}\r\n" if headers else ""
    if "HTTP/" not in request_line:
        request_line += " HTTP/1.1"
    head = f"{request_line}\r\nHost: d\r\n{headers}Content-Length: {len(body)}\r\n"
    answer = _exchange(embedded_engine, f"{head}Connection: close\r\n\r\n{body}".encode())
    first, _, _ = answer.partition(b"\r\n")
    assert first.split()[1] == str(status).encode(), answer[-500:]
    text = answer.partition(b"\r\n\r\n")[2].decode()
    if b"application/json" in answer:
        text = json.loads(text)["message"]
    assert sentence in text


def test_a_client_that_drips_its_head_harms_nobody(embedded_engine: Engine) -> None:
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(embedded_engine.socket))
        slow.sendall(b"GET /_pi")
        assert b"200 OK" in _exchange(embedded_engine, b"GET /_ping HTTP/1.0\r\n\r\n")


def test_a_body_without_end_is_refused(embedded_engine: Engine) -> None:
    head = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
    body = b'{"Image": "' + b"x" * 20_000_000
    answer = _exchange(embedded_engine, head + b"Content-Length: 999999999\r\n\r\n" + body)
    assert b" 400 " in answer


def _attached(container: Container) -> socket.socket:
    """The connection to a container's streams, without the file that the SDK puts around it."""
    stream = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    plug = socket.socket(fileno=os.dup(stream.fileno()))  # type: ignore[union-attr]
    stream.close()
    plug.settimeout(20)
    return plug


def _frames(data: bytes) -> Iterator[bytes]:
    while data:
        (length,) = struct.unpack(">4xL", data[:8])
        yield data[8 : 8 + length]
        data = data[8 + length :]


def _exchange(engine: Engine, request: bytes) -> bytes:
    """Send bytes as they are; what comes back until the engine closes."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.settimeout(20)
        plug.connect(str(engine.socket))
        try:
            plug.sendall(request)
            while data := plug.recv(65536):
                answer += data
        except (BrokenPipeError, ConnectionResetError):
            pass
    return answer
