from pathlib import Path

import pytest

from dockerlab.engine.containers import rootfs
from dockerlab.engine.containers.users import User, find
from dockerlab.engine.errors import InvalidParameter, SystemFailure


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(
        "# comment\n\nroot:x:0:0:root:/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\nbad line\n"
    )
    (tmp_path / "etc/group").write_text(
        "root:x:0:\nusers:x:100:\nwheel:x:10:root,ann\nvideo:x:44\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "user"),
    [
        ("", User(0, 0, (0, 10), "/root")),
        ("ann", User(1000, 100, (100, 10), "/home/ann")),
        ("1000", User(1000, 100, (100, 10), "/home/ann")),
        ("ann:video", User(1000, 44, (44,), "/home/ann")),
        ("77", User(77, 0, (0,), "/")),
        ("77:88", User(77, 88, (88,), "/")),
        (":10", User(0, 10, (10,), "/root")),
    ],
)
def test_who_is_meant(root: Path, asked: str, user: User) -> None:
    assert find(root, asked) == user


def test_further_groups(root: Path) -> None:
    assert find(root, "ann", extra_groups=("video", "7")).groups == (100, 10, 44, 7)


@pytest.mark.parametrize("asked", ["eve", "ann:eve", "-1", "1.5", "٣"])
def test_who_is_not_there(root: Path, asked: str) -> None:
    with pytest.raises(SystemFailure, match=r"no matching entries in (passwd|group) file"):
        find(root, asked)


def test_numbers_have_a_limit(root: Path) -> None:
    assert find(root, "2147483647").uid == 2147483647
    with pytest.raises(InvalidParameter, match="uids and gids must be in range 0-2147483647"):
        find(root, "2147483648")
    with pytest.raises(InvalidParameter, match="uids and gids must be in range"):
        find(root, "9" * 9000)
    (root / "etc/passwd").write_text("big:x:" + "9" * 9000 + ":0::/:/bin/sh\nann:x:1000:100::/:\n")
    assert find(root, "ann").uid == 1000


def test_an_image_without_any_files(tmp_path: Path) -> None:
    assert find(tmp_path, "") == User(0, 0, (0,), "/root")


def test_the_host_s_own_accounts_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("daemon:x:1:1::/:/bin/sh\n")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    for target in ("../../passwd", str(tmp_path / "passwd"), "/../../../passwd"):
        (root / "etc/passwd").symlink_to(target)
        with pytest.raises(SystemFailure, match="unable to find user daemon"):
            find(root, "daemon")
        (root / "etc/passwd").unlink()


def test_links_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/b/../b")
    (tmp_path / "b").symlink_to("../../c")
    assert rootfs.resolve(tmp_path, "/a/x/../y") == tmp_path / "c" / "y"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InvalidParameter, match="too many levels of symbolic links"):
        rootfs.resolve(tmp_path, "loop/x")


def test_a_directory_is_made_only_inside(tmp_path: Path) -> None:
    inside = tmp_path / "root"
    inside.mkdir()
    (inside / "out").symlink_to("../..")
    rootfs.make_directory(inside, "/out/made/here")
    assert (inside / "made" / "here").is_dir()
    (inside / "file").touch()
    with pytest.raises(InvalidParameter, match="Cannot mkdir: /file/x is not a directory"):
        rootfs.make_directory(inside, "/file/x")
