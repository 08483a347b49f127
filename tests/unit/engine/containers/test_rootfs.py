"""Files of a container are read without ever leaving it, whatever it does meanwhile."""

import os
from pathlib import Path

import pytest

from dockerlab.engine.containers import rootfs
from tests.unit.engine.exchanging import exchanging


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/passwd").write_text("the machine's own")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("the container's")
    return root


def test_a_file(root: Path) -> None:
    assert rootfs.read(root, "/etc/passwd") == "the container's"
    assert rootfs.read(root, "/etc/group") == ""
    assert rootfs.read(root, "/etc") == ""
    assert rootfs.read(root, "/etc/passwd/x") == ""


@pytest.mark.parametrize("target", ["/etc/passwd", "../etc/passwd", "../../../../etc/passwd"])
def test_links_mean_what_they_mean_inside(root: Path, target: str) -> None:
    (root / "etc/link").symlink_to(target)
    (root / "etc/again").symlink_to("link")
    assert rootfs.read(root, "/etc/again") == "the container's"


def test_links_in_a_circle(root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("a")
    assert rootfs.read(root, "/etc/a") == ""


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "etc/group")
    assert rootfs.read(root, "/etc/group") == ""


def test_a_directory_that_becomes_a_link_while_it_is_read(root: Path) -> None:
    (root / "away").symlink_to(root.parent / "outside")
    with exchanging(root / "etc", root / "away"):
        seen = {rootfs.read(root, "/etc/passwd") for _ in range(3000)}
    assert seen <= {"", "the container's"}
