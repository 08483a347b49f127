"""Volumes without containers; with them they are compared with Docker's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.engine.errors import InvalidParameter, NotFound, NotImplementedHere
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.volumes.service import ANONYMOUS, Volumes


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "metadata.db")
    yield opened
    opened.close()


@pytest.fixture
def volumes(tmp_path: Path, database: Database) -> Volumes:
    return Volumes(tmp_path / "volumes", database=database, events=EventBus())


@pytest.mark.parametrize(
    ("name", "driver", "options", "error", "words"),
    [
        ("a", "", {}, InvalidParameter, "too short"),
        ("../up", "", {}, InvalidParameter, "invalid characters"),
        ("a\0b", "", {}, InvalidParameter, "invalid characters"),
        ("fine", "nosuch", {}, NotFound, 'plugin "nosuch" not found'),
        ("fine", "", {"foo": "bar"}, InvalidParameter, 'invalid option: "foo"'),
        ("fine", "local", {"type": "nfs"}, NotImplementedHere, "mounts no file system"),
    ],
)
def test_what_is_refused_leaves_nothing(
    volumes: Volumes,
    name: str,
    driver: str,
    options: dict[str, str],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        volumes.create(name, driver=driver, options=options)
    assert volumes.list() == ()


async def test_one_without_a_name_is_pruned_and_one_with_a_name_is_not(volumes: Volumes) -> None:
    named, anonymous = volumes.create("named"), volumes.create()
    assert anonymous.labels == {ANONYMOUS: ""}
    (volumes.data(anonymous.name) / "file").write_text("12345")
    report = await volumes.prune(Filters(), every=False)
    assert report.volumes_deleted == (anonymous.name,)
    assert report.space_reclaimed == 5
    assert volumes.list() == (named,)
    assert (await volumes.prune(Filters(), every=True)).volumes_deleted == ("named",)


def test_filling_keeps_what_is_there(volumes: Volumes, tmp_path: Path) -> None:
    image = tmp_path / "image"
    (image / "folder").mkdir(parents=True)
    (image / "folder/file").write_text("from the image")
    image.chmod(0o750)
    volumes.create("vol")
    volumes.fill("vol", tmp_path / "nosuch")
    volumes.fill("vol", image)
    data = volumes.data("vol")
    assert (data / "folder/file").read_text() == "from the image"
    assert data.stat().st_mode & 0o777 == 0o750
    (image / "late").write_text("")
    volumes.fill("vol", image)
    assert not (data / "late").exists()


def test_a_start_after_a_crash_finishes_or_forgets(volumes: Volumes, tmp_path: Path) -> None:
    volumes.create("vol")
    data = volumes.data("vol")
    (data / "one").write_text("moved already")
    copy, draft = data.with_name("_copy"), data.with_name("_draft")
    for folder in (copy, draft, tmp_path / "volumes/nobodys/_data"):
        folder.mkdir(parents=True)
    (copy / "two").write_text("not yet")
    volumes.sweep()
    assert sorted(path.name for path in data.iterdir()) == ["one", "two"]
    assert [path.name for path in (tmp_path / "volumes/vol").iterdir()] == ["_data"]
    assert [path.name for path in (tmp_path / "volumes").iterdir()] == ["vol"]


async def test_removing_again_is_refused_unless_forced(volumes: Volumes) -> None:
    volumes.create("vol")
    await volumes.remove("vol")
    await volumes.remove("vol", force=True)
    with pytest.raises(NotFound, match="get vol: no such volume"):
        await volumes.remove("vol")
