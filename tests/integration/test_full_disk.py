"""A full disk is told in one sentence, loses nothing, and is over once there is room again."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.engines.images import busybox, layer, on_top_of
from tests.engines.registry import Registry
from tests.engines.small_disk import SmallDisk, running_on_small_disk

PYTHON = re.compile(r"Errno|Traceback|Error\b.*\(|Exception|<class|sqlite")
"""What only a programmer would read in a sentence."""


@dataclass(frozen=True)
class Made:
    """What there is before the disk fills."""

    disk: SmallDisk
    files: Path
    """The archive to load, the build's context, a file to copy."""


@dataclass(frozen=True)
class Work:
    """One command, and what takes away what it made."""

    words: tuple[str, ...]
    undo: tuple[str, ...] = ()
    leaving: tuple[int, ...] = field(default=(0, 100_000))
    """Bytes that are free: it fails at its first write, or later."""
    small: bool = False
    """It changes a few rows only, for which SQLite's log may have room still."""


WORK = {
    "pull": Work(("pull", "noise"), ("rmi", "noise")),
    "load": Work(("load", "--input", "{files}/load.tar"), ("rmi", "loaded:1")),
    "import": Work(("import", "{files}/load.tar", "imported"), ("rmi", "imported")),
    "build": Work(
        ("build", "--no-cache", "--network", "none", "-t", "built", "{files}/context"),
        ("rmi", "built"),
    ),
    "commit": Work(("commit", "written", "committed"), ("rmi", "committed")),
    "copy": Work(("cp", "{files}/context/file", "written:/copied"), leaving=(100_000,)),
    "volume": Work(
        ("volume", "create", "made"), ("volume", "rm", "made"), leaving=(0,), small=True
    ),
    "filled volume": Work(("create", "--name", "filled", "filling"), ("rm", "-v", "filled")),
    "create": Work(
        ("create", "--name", "made", "busybox"), ("rm", "made"), leaving=(0,), small=True
    ),
    "start": Work(("start", "--attach", "idle"), leaving=(0,)),
    "tag": Work(("tag", "busybox", "other:1"), ("rmi", "other:1"), leaving=(0,), small=True),
    "rename": Work(
        ("rename", "idle", "idler"), ("rename", "idler", "idle"), leaving=(0,), small=True
    ),
}


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)  # noqa: S311


@pytest.fixture(scope="module")
def made(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """An engine with some images and containers, and the files for the commands."""
    files = tmp_path_factory.mktemp("files")
    context = files / "context"
    context.mkdir()
    (context / "file").write_bytes(noise(1, 400_000))
    (context / "Dockerfile").write_text("FROM busybox\nCOPY file /file\nRUN echo 1 > /one\n")
    large = layer({f"srv/{n}": noise(n, 100_000) for n in range(6)}, made_by="COPY . /srv")
    base = busybox()
    (files / "load.tar").write_bytes(on_top_of(base, large, Env=["A=1"]).archive("loaded:1"))
    registry.push(on_top_of(base, large), "library/noise")
    filling = layer({"data/file": noise(9, 300_000)}, made_by="COPY file /data")
    registry.push(on_top_of(base, filling, Volumes={"/data": {}}), "library/filling")
    with running_on_small_disk(mirror=registry.url) as disk:
        script = "head -c 300000 /dev/urandom > /new"
        for words in (
            ("pull", "busybox"),
            ("pull", "filling"),
            ("create", "--name", "idle", "--network", "none", "busybox", "echo", "started"),
            ("run", "--name", "written", "--network", "none", "busybox", "sh", "-c", script),
        ):
            docker(disk, *words)
        yield Made(disk, files)


def docker(disk: SmallDisk, *words: str) -> str:
    done = disk.engine.docker(*words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("name", "leaving"), [(name, each) for name, work in WORK.items() for each in work.leaving]
)
def test_it_is_told_and_over_when_there_is_room(made: Made, name: str, leaving: int) -> None:
    disk, work = made.disk, WORK[name]
    words = [word.replace("{files}", str(made.files)) for word in work.words]
    before = state(disk)
    disk.fill(leaving=leaving)
    try:
        done = disk.engine.docker(*words)
        said = done.stderr.decode()
        assert disk.findings() == []
        if not (work.small and done.returncode == 0):
            assert done.returncode != 0, said
            assert said.count("no space left on device") == 1, said
            assert not PYTHON.search(said), said
            assert state(disk) == before
    finally:
        disk.free()
    if done.returncode != 0:
        docker(disk, *words)
    if work.undo:
        docker(disk, *work.undo)
    assert disk.findings() == []


def test_a_container_goes_on_when_its_log_cannot(made: Made) -> None:
    """Docker's own driver loses the output, too; a client that is attached sees it all."""
    disk = made.disk
    script = (
        "read go; head -c 400000 /dev/zero | tr '\\0' y | fold -w 79; echo end; read go; exit 3"
    )
    create = ("create", "--interactive", "--name", "loud", "--network", "none", "busybox")
    docker(disk, *create, "sh", "-c", script)
    disk.fill(leaving=100_000)
    try:
        done = disk.engine.docker("start", "--attach", "--interactive", "loud", stdin="1\n2\n")
        assert (done.returncode, done.stderr) == (3, b"")
        assert done.stdout.endswith(b"end\n")
        assert done.stdout.count(b"y") == 400_000
        # The state is kept although there was no room, for instance in the metadata's reserve.
        assert docker(disk, "inspect", "--format", "{{.State.ExitCode}}", "loud") == "3\n"
        whole = docker(disk, "logs", "loud").splitlines()
        assert set(whole) <= {"y" * 79, "y" * (400_000 % 79) + "end"}
        docker(disk, "rm", "loud")
    finally:
        disk.free()
    assert disk.findings() == []


def test_what_frees_space_works_without_any(made: Made) -> None:
    disk = made.disk
    docker(disk, "pull", "noise")
    docker(disk, "create", "--name", "gone", "busybox")
    docker(disk, "volume", "create", "gone")
    disk.fill(leaving=0)
    try:
        docker(disk, "rm", "gone")
        docker(disk, "volume", "rm", "gone")
        docker(disk, "rmi", "noise")
        assert disk.findings() == []
    finally:
        disk.free()


def state(disk: SmallDisk) -> list[str]:
    """What there is, as the engine tells it."""
    listed = docker(disk, "images", "--all", "--no-trunc", "--format", "{{.ID}} {{.Tag}}")
    containers = docker(disk, "ps", "--all", "--format", "{{.Names}} {{.State}}")
    return [*listed.splitlines(), *containers.splitlines(), docker(disk, "volume", "ls")]
