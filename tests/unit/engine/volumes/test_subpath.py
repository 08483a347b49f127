"""Parts of volumes: what links may and may not do, and what is exchanged meanwhile."""

from pathlib import Path

import pytest

from dockerlab.engine.errors import EngineError, InvalidParameter, NotFound, SystemFailure
from dockerlab.engine.volumes import filling, subpath
from tests.unit.engine.exchanging import exchanging


@pytest.fixture
def data(tmp_path: Path) -> Path:
    place = tmp_path / "volume" / "_data"
    (place / "part" / "deep").mkdir(parents=True)
    (place / "part" / "file").write_text("hi")
    (place / "link").symlink_to("part")
    (place / "out").symlink_to("/etc")
    (place / "up").symlink_to("../..")
    (place / "lost").symlink_to("nowhere")
    (place / "round").symlink_to("round")
    return place


@pytest.mark.parametrize("path", ["", "part", "link/deep", "part/../link", "a/../..b", "."])
def test_what_is_within_a_volume(path: str) -> None:
    subpath.check(path, anonymous=False)


@pytest.mark.parametrize("path", ["/part", "..", "../part", "part/../../x", "a\0b"])
def test_what_is_not(path: str) -> None:
    with pytest.raises(InvalidParameter, match="must be a relative path within the volume"):
        subpath.check(path, anonymous=False)


def test_links_within_the_volume_are_followed(data: Path) -> None:
    with subpath.opened(data, "link/../link/file") as part:
        assert part.read_text() == "hi"
    with subpath.opened(data, "link") as part:
        assert sorted(path.name for path in part.iterdir()) == ["deep", "file"]


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("out", InvalidParameter, "path concatenation escapes the base directory, base: "),
        ("up", InvalidParameter, "subpath: up"),
        ("lost", NotFound, "/nowhere: no such file or directory"),
        ("no/thing", NotFound, "cannot access path .*/no/thing: lstat .*/no: no such file"),
        ("round", SystemFailure, "EvalSymlinks: too many links"),
        ("part/file/x", SystemFailure, "not a directory"),
    ],
)
def test_what_leads_elsewhere_is_refused(
    data: Path, path: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words), subpath.opened(data, path):
        pass


def test_no_exchange_of_a_directory_for_a_link_leads_out(data: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside.stat().st_ino
    (data / "evil").symlink_to(outside)
    with exchanging(data / "part", data / "evil"):
        for _ in range(2000):
            try:
                with subpath.opened(data, "part") as part:
                    assert part.stat().st_ino != secret
            except EngineError:
                continue


def test_a_copy_for_a_part_is_moved_in_even_after_a_crash(data: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "new").write_text("new")
    filling.fill(source, data, subpath="link/deep")
    assert (data / "part/deep/new").read_text() == "new"
    assert [path.name for path in data.parent.iterdir()] == ["_data"]
    # Killed just before the move:
    (data / "part/deep/new").unlink()
    source.rename(data.with_name("_copy"))
    data.with_name("_where").write_text("part/deep")
    filling.finish(data)
    assert (data / "part/deep/new").read_text() == "new"
    assert [path.name for path in data.parent.iterdir()] == ["_data"]
