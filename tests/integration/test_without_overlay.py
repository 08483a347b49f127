"""Where there may be mounts, though no overlayfs on this file system: copies do as well."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.connection.facts import read_facts
from dockerlab.engine.daemon import checking
from tests.engines.embedded import running_embedded
from tests.engines.engine import Engine
from tests.engines.programs import need_root
from tests.engines.registry import Registry


@pytest.fixture
def place(session_directory: Path) -> Iterator[Path]:
    """A directory on overlayfs, on which there can be no other (as in many containers)."""
    need_root()
    base = session_directory / "nested"
    base.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", base], check=True)
    try:
        for name in ("lower", "upper", "work", "on-overlay"):
            (base / name).mkdir()
        options = f"lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work"
        target = base / "on-overlay"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "none", target], check=True)
        try:
            (target / "state").mkdir()
            yield target / "state"
        finally:
            subprocess.run(["umount", target], check=True)
    finally:
        subprocess.run(["umount", base], check=True)


def test_containers_run_on_copies(place: Path, registry: Registry) -> None:
    with running_embedded("oci-root", place, mirror=registry.url) as engine:
        says(engine, "run", "--name", "first", "--network", "none", "busybox", "touch", "/new")
        assert says(engine, "diff", "first") == "A /new\n"
        says(engine, "commit", "first", "second")
        assert says(engine, "run", "--rm", "--network", "none", "second", "ls", "/new") == "/new\n"
        client = engine.client()
        facts = read_facts(client)
        client.close()
        assert facts.runtime != "proot"
        assert facts.storage.startswith("copy (overlay: could not mount overlay: ")
        (report,) = checking.check(root=place / "engine")
        assert report.root == str(place / "engine" / "without-overlay")
        assert report.findings == ()
    (report,) = checking.check(root=place / "engine", repair=True)
    assert report.findings == ()


def says(engine: Engine, *words: str) -> str:
    """What a command that works says."""
    done = engine.docker(*words)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
