"""Builds as people make them: with the CLI and the SDK, broken off, several at once."""

import io
import json
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import APIError, BuildError

from tests.engines.engine import Engine


@pytest.fixture
def client(embedded_engine: Engine) -> Iterator[DockerClient]:
    assert embedded_engine.docker("pull", "-q", "busybox").returncode == 0
    made = embedded_engine.client()
    yield made
    made.close()


@pytest.fixture
def context(tmp_path: Path) -> Callable[..., Path]:
    """Write a context."""

    def write(dockerfile: str, **files: str) -> Path:
        (tmp_path / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def left(engine: Engine) -> dict[str, list[str]]:
    """What a build may leave behind: containers, snapshots, mounts, files."""
    root = engine.socket.with_name("engine")
    if (root / "without-mounts").exists():
        root /= "without-mounts"
    return {
        "containers": engine.docker("ps", "-aq").stdout.decode().split(),
        "builds": [each.name for each in (root / "builds").iterdir()],
        "ingests": [each.name for each in (root / "content/ingest").iterdir()],
    }


def test_ctrl_c_ends_the_build_and_leaves_nothing(
    embedded_engine: Engine, client: DockerClient, context: Callable[..., Path]
) -> None:
    folder = context("FROM busybox\nRUN echo begun; sleep 300\n")
    before = left(embedded_engine)
    with subprocess.Popen(
        ["docker", "build", "--network", "none", str(folder)],
        env=dict(embedded_engine.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as build:
        assert build.stdout is not None
        for line in build.stdout:
            if line == b"begun\n":
                break
        build.send_signal(signal.SIGINT)
        assert b"Successfully" not in build.stdout.read()
        build.wait(10)  # some versions of the client say 0, others 130
    deadline = time.monotonic() + 10
    while left(embedded_engine) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left(embedded_engine) == before


def test_a_client_that_goes_away_while_it_sends_leaves_nothing(
    embedded_engine: Engine, client: DockerClient
) -> None:
    before = left(embedded_engine)
    with socket(AF_UNIX, SOCK_STREAM) as plug:
        plug.connect(str(embedded_engine.socket))
        plug.sendall(
            b"POST /v1.43/build HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\n"
            b"Content-Length: 1000000\r\n\r\n" + tarfile.TarInfo("a").tobuf() + bytes(5000)
        )
        time.sleep(0.3)
    deadline = time.monotonic() + 10
    while left(embedded_engine) != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left(embedded_engine) == before


def test_the_sdk_builds(client: DockerClient, context: Callable[..., Path]) -> None:
    folder = context("FROM busybox\nARG who\nCOPY a /a\nRUN echo $who >> /a\n", a="hello ")
    image, log = client.images.build(
        path=str(folder), tag="t-sdk", buildargs={"who": "you"}, labels={"x": "y"}, rm=True
    )
    said = [line["stream"] for line in cast("Any", log) if "stream" in line]
    assert said[0] == "Step 1/5 : FROM busybox\n"
    assert image.labels == {"x": "y"}
    assert client.containers.run("t-sdk", "cat /a", remove=True) == b"hello you\n"
    client.images.remove("t-sdk")


def test_the_sdk_learns_why_a_build_failed(
    client: DockerClient, context: Callable[..., Path]
) -> None:
    folder = context("FROM busybox\nRUN exit 9\n")
    with pytest.raises(BuildError) as failed:
        client.images.build(path=str(folder), rm=True, forcerm=True)
    assert "returned a non-zero code: 9" in str(failed.value)
    log: list[dict[str, Any]] = list(cast("Any", failed.value.build_log))
    assert log[-1]["errorDetail"]["code"] == 9
    with pytest.raises(APIError, match="dockerfile parse error on line 2"):
        client.images.build(fileobj=io.BytesIO(b"FROM busybox\nNOSUCH x\n"))


def test_several_build_the_same_at_once(client: DockerClient) -> None:
    dockerfile = b"FROM busybox\nRUN echo same > /same\nRUN cat /same > /again\n"

    def build(number: int) -> str:
        image, _ = client.images.build(fileobj=io.BytesIO(dockerfile), tag=f"t-many:{number}")
        return str(client.containers.run(image, "cat /again", remove=True))

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(build, range(6))) == {str(b"same\n")}
    for number in range(6):
        client.images.remove(f"t-many:{number}")


def test_a_step_that_was_done_is_not_done_again(
    embedded_engine: Engine, client: DockerClient, context: Callable[..., Path]
) -> None:
    dockerfile = "FROM busybox\nCOPY a /a\nRUN cat /a > /b\nCOPY c /c\n"
    folder = context(dockerfile, a="1", c="1")

    def cached() -> int:
        done = embedded_engine.docker("build", "-t", "t-cache", str(folder))
        assert done.returncode == 0, done.stderr
        return done.stdout.count(b"Using cache")

    assert cached() == 0
    assert cached() == 3
    (folder / "c").write_text("2")
    assert cached() == 2
    (folder / "a").write_text("2")
    assert cached() == 0
    (folder / "a").write_text("1")
    (folder / "c").write_text("1")
    assert cached() == 3
    (folder / "a").touch()
    assert cached() == 3
    embedded_engine.docker("rmi", "t-cache")


def test_what_came_from_elsewhere_is_no_cache_unless_named(
    embedded_engine: Engine, client: DockerClient, tmp_path: Path
) -> None:
    dockerfile = b"FROM busybox\nRUN echo one > /one\nENV a=b\nRUN echo two > /two\n"
    build = ("build", "--network", "none")
    built = embedded_engine.docker(*build, "-t", "t-from", "-", stdin=dockerfile)
    assert built.returncode == 0, built.stderr
    saved = tmp_path / "saved.tar"
    assert embedded_engine.docker("save", "-o", str(saved), "t-from").returncode == 0
    assert embedded_engine.docker("rmi", "t-from").returncode == 0
    assert embedded_engine.docker("load", "-i", str(saved)).returncode == 0
    named = embedded_engine.docker(*build, "--cache-from", "t-from", "-", stdin=dockerfile)
    assert named.stdout.count(b"Using cache") == 3
    unnamed = embedded_engine.docker(*build, "--no-cache", "-", stdin=dockerfile)
    assert unnamed.stdout.count(b"Using cache") == 0
    embedded_engine.docker("rmi", "-f", "t-from")


def test_onbuild_runs_in_the_next_build(embedded_engine: Engine, client: DockerClient) -> None:
    first = b"FROM busybox\nONBUILD RUN echo triggered > /t\nONBUILD ENV a=b\n"
    second = b"FROM t-onbuild\nRUN cat /t; echo $a\n"
    assert embedded_engine.docker("build", "-t", "t-onbuild", "-", stdin=first).returncode == 0
    built = embedded_engine.docker("build", "-t", "t-child", "-", stdin=second)
    assert b"# Executing 2 build triggers\n" in built.stdout
    assert b"\ntriggered\nb\n" in built.stdout
    embedded_engine.docker("rmi", "t-child", "t-onbuild")


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("remote=http://127.0.0.1:1/x", 501, "builds from what is sent to it"),
        ("squash=1", 400, "squash is only supported with experimental mode"),
        ("version=2", 400, "the embedded engine has the classic builder only"),
        ("t=UPPER", 400, "invalid reference format"),
        ("t=a@sha256:" + "0" * 64, 400, "build tag cannot contain a digest"),
        ("buildargs={", 400, "error reading build args"),
        ("labels=[]", 400, "error reading labels"),
        ("cachefrom=1", 400, "error reading cache-from"),
        ("memory=x", 400, "invalid syntax"),
    ],
)
def test_requests_that_are_refused(
    embedded_engine: Engine, query: str, status: int, sentence: str
) -> None:
    answer = post(embedded_engine, f"/build?{query}", b"")
    assert answer.status == status
    assert sentence in answer.message


@pytest.mark.parametrize("body", [b"", b"\0" * 1024, b"\0\1no tar" * 200, b"\x1f\x8b\x08bad"])
def test_bodies_that_are_no_context(embedded_engine: Engine, body: bytes) -> None:
    assert post(embedded_engine, "/build", body).status >= 400
    deadline = time.monotonic() + 5
    while left(embedded_engine)["builds"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left(embedded_engine)["builds"] == []


class Answered:
    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


def post(engine: Engine, path: str, body: bytes) -> Answered:
    connection = HTTPConnection("engine", timeout=20)
    with socket(AF_UNIX, SOCK_STREAM) as plug:
        plug.connect(str(engine.socket))
        connection.sock = plug
        connection.request("POST", path, body, {"Content-Type": "application/x-tar"})
        response = connection.getresponse()
        document: dict[str, Any] = json.loads(response.read() or b"{}")
        return Answered(response.status, str(document.get("message", "")))


def test_commit_and_diff(embedded_engine: Engine, client: DockerClient) -> None:
    made = client.containers.create("busybox", "sh -c 'mkdir /n; echo x > /n/f; rm /etc/passwd'")
    assert made.diff() is None
    made.start()
    made.wait()
    assert sorted((each["Path"], each["Kind"]) for each in made.diff()) == [
        ("/etc", 0),
        ("/etc/passwd", 2),
        ("/n", 1),
        ("/n/f", 1),
    ]
    image = made.commit("t-commit", "1", message="why", author="me", changes="CMD cat /n/f")
    made.remove()
    assert image.attrs["Comment"] == "why"
    assert image.attrs["Author"] == "me"
    assert client.containers.run("t-commit:1", remove=True) == b"x\n"
    with pytest.raises(APIError, match="No such container: nosuch"):
        client.api.commit("nosuch")
    client.images.remove("t-commit:1")


def test_pruning_does_not_break_a_build(
    embedded_engine: Engine, client: DockerClient, context: Callable[..., Path]
) -> None:
    steps = "".join(f"RUN echo {number} > /{number}\nENV n={number}\n" for number in range(8))
    folder = context(f"FROM busybox\n{steps}")

    def build(number: int) -> subprocess.CompletedProcess[bytes]:
        options = ("--no-cache", "--network", "none", "-t", f"t-prune:{number}")
        return embedded_engine.docker("build", *options, str(folder))

    with ThreadPoolExecutor(4) as pool:
        builds = [pool.submit(build, number) for number in range(3)]
        while not all(done.done() for done in builds):
            pruned = embedded_engine.docker("system", "prune", "-f")
            assert pruned.returncode == 0, pruned.stderr
    for done in builds:
        assert done.result().returncode == 0, done.result().stderr
    for number in range(3):
        assert client.containers.run(f"t-prune:{number}", "cat /7", remove=True) == b"7\n"
        client.images.remove(f"t-prune:{number}")
