"""Gathering from a machine, here a made-up one in a folder, and its own programs."""

import tarfile
from pathlib import Path

from dockerlab.standins.host import Gathering, find_program, libraries


def entry_kinds(gathering: Gathering, under: Path) -> dict[str, bytes]:
    prefix = str(under).lstrip("/") + "/"
    return {
        path.removeprefix(prefix): entry.kind
        for path, entry in gathering.entries.items()
        if path.startswith(prefix)
    }


def test_links_are_followed_and_kept(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/dash").write_text("#!")
    (tmp_path / "usr/bin/sh").symlink_to("dash")
    (tmp_path / "bin").symlink_to("usr/bin")
    gathering = Gathering()
    gathering.add(tmp_path / "bin/sh")
    assert entry_kinds(gathering, tmp_path) == {
        "bin": tarfile.SYMTYPE,
        "usr": tarfile.DIRTYPE,
        "usr/bin": tarfile.DIRTYPE,
        "usr/bin/sh": tarfile.SYMTYPE,
        "usr/bin/dash": tarfile.REGTYPE,
    }


def test_links_upwards_and_absolute(tmp_path: Path) -> None:
    for folder in ("a", "b/c"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a/program").write_text("#!")
    (tmp_path / "b/c/up").symlink_to("../../a/program")
    (tmp_path / "b/away").symlink_to(tmp_path / "a/program")
    gathering = Gathering()
    gathering.add(tmp_path / "b/c/up")
    gathering.add(tmp_path / "b/away")
    kinds = entry_kinds(gathering, tmp_path)
    assert kinds["a/program"] == tarfile.REGTYPE
    assert kinds["b/c/up"] == kinds["b/away"] == tarfile.SYMTYPE
    assert not [path for path in gathering.entries if ".." in path]


def test_one_file_with_two_names_is_stored_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("#!")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    gathering = Gathering()
    for name in ("one", "two", "one"):
        gathering.add(tmp_path / name)
    kinds = entry_kinds(gathering, tmp_path)
    assert kinds == {"one": tarfile.REGTYPE, "two": tarfile.LNKTYPE}
    second = gathering.entries[str(tmp_path / "two").lstrip("/")]
    assert second.target == str(tmp_path / "one").lstrip("/")


def test_rights_are_those_of_a_program_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "sudo").write_text("#!")
    (tmp_path / "sudo").chmod(0o4700)
    gathering = Gathering()
    gathering.add(tmp_path / "sudo")
    assert gathering.entries[str(tmp_path / "sudo").lstrip("/")].mode == 0o755


def test_libraries_of_a_real_program() -> None:
    bash = find_program("bash")
    assert bash is not None
    found = libraries([bash])
    assert all(path.is_absolute() and path.exists() for path in found)
    assert libraries([]) == []


def test_a_program_that_is_not_there() -> None:
    assert find_program("no-such-program") is None
