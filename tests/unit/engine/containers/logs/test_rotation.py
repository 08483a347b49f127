"""The files of a log that take turns."""

from pathlib import Path

from dockerlab.engine.containers.logs.rotation import Rotation


def write(path: Path, text: str) -> None:
    path.write_text(text)


def test_the_oldest_goes_where_there_are_enough(tmp_path: Path) -> None:
    rotation = Rotation(tmp_path / "log", files=3)
    for number in range(5):
        write(rotation.path, str(number))
        rotation.rotate()
    write(rotation.path, "now")
    assert [path.name for path in rotation.paths()] == ["log.2", "log.1", "log"]
    assert [path.read_text() for path in rotation.paths()] == ["3", "4", "now"]
    assert rotation.generation == 5


def test_a_single_file_begins_anew(tmp_path: Path) -> None:
    rotation = Rotation(tmp_path / "log", files=1)
    write(rotation.path, "full")
    rotation.rotate()
    assert rotation.paths() == []
