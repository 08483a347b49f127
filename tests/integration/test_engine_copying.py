"""Files into and out of containers, through the Docker SDK: what must arrive, and what must not."""

import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from tests.engines.engine import Engine

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def client(embedded_engine: Engine) -> Iterator[DockerClient]:
    """A client of the engine, on which busybox is."""
    client = embedded_engine.client()
    client.images.pull("busybox")
    yield client
    client.close()


@pytest.fixture(params=["running", "stopped"])
def container(client: DockerClient, request: pytest.FixtureRequest) -> Iterator[Container]:
    """A container, running or not."""
    made = client.containers.create("busybox", "sleep 1000")
    if request.param == "running":
        made.start()
    yield made
    made.remove(force=True)


def test_files_come_back_as_they_went_in(container: Container) -> None:
    data = os.urandom(3_000_000)
    sent = _tar(
        _file("dir/data", data, mode=0o640),
        _entry("dir/link", tarfile.SYMTYPE, linkname="data"),
        _entry("dir/hard", tarfile.LNKTYPE, linkname="dir/data"),
    )
    assert container.put_archive("/tmp", sent)
    pieces, stat = container.get_archive("/tmp/dir")
    assert stat is not None
    assert stat["name"] == "dir"
    assert stat["mode"] & 1 << 31
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        assert sorted(tar.getnames()) == ["dir", "dir/data", "dir/hard", "dir/link"]
        member = tar.extractfile("dir/data")
        assert member is not None
        assert member.read() == data
        assert tar.getmember("dir/data").mode == 0o640
        assert tar.getmember("dir/link").linkname == "data"
        assert tar.getmember("dir/hard").islnk() != tar.getmember("dir/data").islnk()


def test_what_is_not_there(container: Container) -> None:
    with pytest.raises(NotFound, match="Could not find the file /nosuch in container"):
        container.get_archive("/nosuch")
    with pytest.raises(NotFound, match="Could not find the file /nosuch in container"):
        container.put_archive("/nosuch", _tar())
    with pytest.raises(APIError, match="extraction point is not a directory"):
        container.put_archive("/etc/passwd", _tar())


@pytest.mark.parametrize(
    "name", ["../escaped", "/../../escaped", "a/../../../escaped", "out/escaped", "up/escaped"]
)
def test_nothing_leaves_the_container(container: Container, name: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    links = _tar(
        _entry("out", tarfile.SYMTYPE, linkname=str(tmp_path)),
        _entry("up", tarfile.SYMTYPE, linkname="../" * 30 + str(tmp_path).lstrip("/")),
    )
    container.put_archive("/tmp", links)
    with suppress(APIError):
        container.put_archive("/tmp", _tar(_file(name, b"out")))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "secret").write_text("of the host")
    with pytest.raises(APIError):
        container.get_archive("/tmp/out/secret")
    with pytest.raises(APIError):
        container.get_archive("/tmp/up/secret")


def test_an_archive_that_is_none(container: Container) -> None:
    with pytest.raises(APIError):
        container.put_archive("/tmp", b"this is no tar" * 1000)


def test_an_export_is_the_whole_root(container: Container) -> None:
    with tarfile.open(fileobj=io.BytesIO(_joined(container.export()))) as tar:
        names = tar.getnames()
    assert {"bin/busybox", "etc/passwd"} <= set(names)
    assert len(names) == len(set(names))


def _joined(pieces: Any) -> bytes:
    return b"".join(pieces)


def _entry(name: str, kind: bytes, *, linkname: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, linkname
    return info, b""


def _file(name: str, data: bytes, *, mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    return info, data


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
