"""Our unpacker against Docker's: the same layers give the same IDs, sizes and files."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack import apply
from tests.engines.engine import Engine
from tests.engines.programs import need_root
from tests.unit.engine.unpack.tars import (
    CHARACTER,
    DIRECTORY,
    FIFO,
    LINK,
    SYMLINK,
    archive,
    member,
)
from tests.unit.engine.unpack.trees import describe

pytestmark = pytest.mark.docker
NAME = "unpack-test:latest"
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
LAYERS = [
    archive(
        member(b"bin/", DIRECTORY, mode=0o755),
        member(b"bin/su", data=b"su", mode=0o4755),
        member(b"bin/ping", mode=0o755, pax={b"SCHILY.xattr.security.capability": CAPABILITY}),
        member(b"bin/again", LINK, target=b"bin/su", mode=0o4755),
        member(b"sbin", SYMLINK, target=b"bin"),
        member(b"home/user/file", data=b"mine" * 100, owner=(1000, 1001), mode=0o640),
        member(b"home/user/", DIRECTORY, owner=(1000, 1001), mode=0o2700, mtime=1_500_000_000),
        member(b"opt/" + b"long/" * 40 + b"name", data=b"deep"),
        member("opt/名前".encode(), data=b"utf-8"),
        member(b"opt/latin-\xe9", data=b"latin-1"),
        member(b"opt/pipe", FIFO, mode=0o600),
        member(b"opt/device", CHARACTER, device=(1, 3), mode=0o666),
        member(b"opt/time", pax={b"mtime": b"1700000000.123456789"}),
        member(b"opt/holes", data=b"12", pax={
            b"GNU.sparse.major": b"0", b"GNU.sparse.minor": b"1", b"GNU.sparse.name": b"opt/holes",
            b"GNU.sparse.size": b"5000", b"GNU.sparse.numblocks": b"2",
            b"GNU.sparse.map": b"100,1,4000,1",
        }),
        member(b"old/one", data=b"1"),
        member(b"old/two", data=b"2"),
        member(b"gone/x", data=b"x"),
    ),
    archive(
        member(b".wh.gone"),
        member(b"old/", DIRECTORY, mode=0o700),
        member(b"old/.wh..wh..opq"),
        member(b"old/three", data=b"3"),
        member(b"sbin", data=b"now a file"),
        member(b"bin/su", data=b"changed", mode=0o755),
    ),
    archive(
        member(b"old", data=b"a file where a directory was"),
        member(b"opt/time/", DIRECTORY),
        member(b"opt/time/inner", data=b"a directory where a file was"),
        member(b"opt/.wh.latin-\xe9"),
    ),
]  # fmt: skip


@pytest.fixture
def docker(docker_engine: Engine) -> Engine:
    need_root()
    loaded = docker_engine.docker("load", stdin=docker_archive())
    assert loaded.returncode == 0, loaded.stderr
    return docker_engine


def docker_archive() -> bytes:
    """The layers as ``docker save`` would write them."""
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in LAYERS]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/su"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    names = [f"{number}/layer.tar" for number in range(len(LAYERS))]
    manifest = [{"Config": "config.json", "RepoTags": [NAME], "Layers": names}]
    files = dict(zip(names, LAYERS, strict=True))
    files["config.json"] = json.dumps(config).encode()
    files["manifest.json"] = json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_ids_and_sizes_are_dockers(docker: Engine, tmp_path: Path) -> None:
    applied = []
    for number, layer in enumerate(LAYERS):
        directory = tmp_path / str(number)
        directory.mkdir()
        applied.append(apply(io.BytesIO(layer), directory, whiteouts=WhiteoutFormat.OVERLAY))
        assert applied[-1].size == trees.usage(directory).size
    (image,) = json.loads(docker.docker("image", "inspect", NAME).stdout)
    assert [layer.diff_id for layer in applied] == image["RootFS"]["Layers"]
    assert sum(layer.size for layer in applied) == image["Size"]


def test_files_are_dockers(docker: Engine, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    for layer in LAYERS:
        apply(io.BytesIO(layer), ours, whiteouts=WhiteoutFormat.REMOVE)
    container = docker.docker("create", NAME).stdout.decode().strip()
    exported = docker.docker("export", container).stdout
    assert docker.docker("rm", container).returncode == 0
    # tarfile's own filter argument is younger than Debian 12's Python.
    subprocess.run(["tar", "-x", "--numeric-owner", "-C", theirs], input=exported, check=True)
    assert seen(ours) == seen(theirs)


def seen(directory: Path) -> dict[bytes, tuple[object, ...]]:
    """The tree without what Docker adds to a container, and what tar's export loses."""
    added = (b"dev", b"etc", b"proc", b"sys", b".dockerenv")
    found: dict[bytes, tuple[object, ...]] = {}
    now = time.time()
    for name, (mode, owner, device, mtime, content, _xattrs, link) in describe(directory).items():
        if not name.startswith(added):
            seconds = int(str(mtime)) // 10**9
            seconds = 0 if now - seconds < 3600 else seconds  # made implicitly: has no time
            found[name] = (mode, owner, device, seconds, content, link)
    return found


def test_nothing_of_the_test_is_left(docker: Engine) -> None:
    assert docker.docker("rmi", NAME).returncode == 0
    assert os.fsencode(NAME.partition(":")[0]) not in docker.docker("images").stdout
