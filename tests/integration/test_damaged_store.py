"""The engine's directory read-only, or parts of it gone while the engine runs: clear answers."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.cli import main
from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.metadata.database import Database
from tests.engines.images import busybox, layer, on_top_of
from tests.engines.programs import need_root
from tests.engines.registry import Registry
from tests.engines.small_disk import SmallDisk, running_on_small_disk

PYTHON = re.compile(r"Errno|Traceback|Exception|<class|sqlite|internal error")
"""What only a programmer would read in a sentence."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A context to build, and an archive to load."""
    place = tmp_path_factory.mktemp("files")
    (place / "Dockerfile").write_text("FROM busybox\nCOPY Dockerfile /file\nRUN echo 1 > /one\n")
    new = layer({"srv/loaded": "loaded\n"}, made_by="COPY loaded /srv")
    (place / "load.tar").write_bytes(on_top_of(busybox(), new).archive("loaded:1"))
    return place


@pytest.fixture
def disk(registry: Registry) -> Iterator[SmallDisk]:
    """An engine with an image, a container that has ended, one that runs, and a volume."""
    with running_on_small_disk(mirror=registry.url) as running:
        for words in (
            ("pull", "busybox"),
            ("volume", "create", "kept"),
            ("run", "--name", "ended", "-v", "kept:/kept", "busybox", "touch", "/new", "/kept/it"),
            ("run", "-d", "--stop-signal", "KILL", "--name", "runs", "busybox", "sleep", "100000"),
        ):
            done = running.engine.docker(*words)
            assert done.returncode == 0, done.stderr.decode()
        yield running


def refused(disk: SmallDisk, *words: str) -> str:
    """What the engine says to a command that must fail: one sentence, and no programmer's word."""
    done = disk.engine.docker(*words)
    said = (done.stdout + done.stderr).decode()  # an exec's failure comes with its output
    assert done.returncode != 0, said
    assert not PYTHON.search(said), said
    return said


def answers(disk: SmallDisk) -> None:
    """The engine is there, and tells what it has."""
    for words in (("ps", "--all"), ("images",), ("top", "runs"), ("system", "df")):
        done = disk.engine.docker(*words)
        assert done.returncode == 0, done.stderr.decode()


def whole_again(disk: SmallDisk) -> None:
    assert disk.findings() == []
    done = disk.engine.docker("run", "--rm", "busybox", "echo", "fine")
    assert (done.returncode, done.stdout) == (0, b"fine\n"), done.stderr.decode()


def test_a_read_only_directory_is_told_at_the_start() -> None:
    need_root()
    with tempfile.TemporaryDirectory(prefix="dockerlab-ro-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", name], check=True)
        command = [sys.executable, "-m", "dockerlab.engine"]
        try:
            for verb in ("start", "run"):
                words = [*command, verb, "--root", f"{name}/data"]
                done = subprocess.run(words, capture_output=True, text=True, check=False)
                sentence = f"{name}/data cannot hold the engine's data: Read-only file system\n"
                assert (done.returncode, done.stderr) == (1, sentence)
        finally:
            subprocess.run(["umount", name], check=True)


def test_a_read_only_directory_is_checked_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does with a copy, or with a disk that fails: all is read, nothing is repaired."""

    def engine(*words: str) -> tuple[int, str]:
        code = main(["engine", *words, "--root", name])
        return code, "".join(capsys.readouterr())

    need_root()
    monkeypatch.setenv("DOCKERLAB_LANG", "en")
    with tempfile.TemporaryDirectory(prefix="dockerlab-ro-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "none", name], check=True)
        try:
            Database(Path(name, "metadata.db")).close()
            Path(name, "metadata.db").chmod(0o600)
            LocalStore(Path(name, "content"))
            Path(name, "snapshots").mkdir(mode=0o700)
            Path(name, "content", "ingest", "half").write_text("half")
            subprocess.run(["mount", "-o", "remount,ro", name], check=True)
            code, said = engine("check")
            assert code == 3
            assert "ingest/half is needed by nobody" in said
            sentence = f"{name} is read-only: nothing can be repaired there\n"
            assert engine("check", "--repair") == (1, sentence)
            sentence = f"{name} cannot hold the engine's data: Read-only file system\n"
            assert engine("start") == (1, sentence)
        finally:
            subprocess.run(["umount", name], check=True)


def test_directories_that_become_read_only(disk: SmallDisk, files: Path) -> None:
    """For the engine alone, by mounts in its namespace: a whole disk refuses while it is used."""
    places = [disk.root / name for name in ("content", "snapshots", "containers", "volumes")]
    inside = ["nsenter", "--mount", f"--target={disk.pid}", "mount"]
    for place in places:
        subprocess.run([*inside, "--bind", str(place), str(place)], check=True)
        subprocess.run([*inside, "-o", "remount,bind,ro", str(place)], check=True)
    for words in (
        ("pull", "page"),
        ("load", "--input", str(files / "load.tar")),
        ("import", str(files / "load.tar")),
        ("build", "--no-cache", "--network", "none", str(files)),
        ("commit", "ended"),
        ("volume", "create", "made"),
        ("create", "busybox"),
        ("start", "ended"),
        ("exec", "runs", "true"),
    ):
        assert "read-only file system" in refused(disk, *words), words
    answers(disk)
    inside[-1] = "umount"
    for place in places:
        subprocess.run([*inside, str(place)], check=True)
    whole_again(disk)


@pytest.mark.parametrize("part", ["snapshots/*", "containers/ENDED", "content/blobs/*/*"])
def test_what_is_gone_is_named_and_can_come_back(disk: SmallDisk, files: Path, part: str) -> None:
    """Moved away while the engine runs: nothing hangs, and the check names each that is missing."""
    ended = disk.engine.docker("inspect", "--format", "{{.Id}}", "ended").stdout.decode().strip()
    away = disk.place / "away"
    away.mkdir()
    moved = sorted(disk.root.glob(part.replace("ENDED", ended)))
    for number, path in enumerate(moved):
        path.rename(away / str(number))
    for words in COMMANDS[part]:
        refused(disk, *(word.replace("FILES", str(files)) for word in words))
    answers(disk)
    found = disk.findings()
    for path in moved:
        assert any(path.name in finding for finding in found), (path, found)
    assert not [finding for finding in found if finding.startswith("unreferenced")]
    for number, path in enumerate(moved):
        (away / str(number)).rename(path)
    whole_again(disk)


COMMANDS = {
    "snapshots/*": (
        ("create", "busybox"),
        ("start", "ended"),
        ("commit", "ended"),
        ("cp", "ended:/new", "-"),
        ("export", "--output", "FILES/exported", "ended"),
        ("diff", "ended"),
        ("load", "--input", "FILES/load.tar"),
        ("build", "--no-cache", "--network", "none", "FILES"),
    ),
    "containers/ENDED": (("start", "ended"), ("cp", "ended:/new", "-")),
    "content/blobs/*/*": (
        ("save", "--output", "FILES/saved", "busybox"),
        ("push", "busybox"),
    ),
}


def test_a_volume_that_is_gone(disk: SmallDisk) -> None:
    volume = disk.root / "volumes" / "kept"
    volume.rename(disk.place / "away")
    assert "kept" in refused(disk, "start", "ended")
    answers(disk)
    assert [finding.split()[0] for finding in disk.findings()] == ["volume_missing:"]
    # It can be removed all the same, and made anew.
    assert "kept" in refused(disk, "volume", "rm", "kept")
    for words in (("rm", "ended"), ("volume", "rm", "kept"), ("volume", "create", "kept")):
        done = disk.engine.docker(*words)
        assert done.returncode == 0, done.stderr.decode()
    whole_again(disk)
