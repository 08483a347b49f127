"""What is damaged behind the engine's back is found, and what is whole is called whole."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerlab.engine.check.checking import check
from dockerlab.engine.check.finding import Kind, Report
from dockerlab.engine.errors import DataLoss, NotFound
from tests.unit.engine.images.conftest import BASE, CHILD, Lab

Damage = Callable[[Lab], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with two images that share a layer, and a container."""

    async def fill() -> None:
        lab = Lab.open(tmp_path / "engine")
        await lab.load(BASE.archive("base:1"))
        await lab.load(CHILD.archive("child:1"))
        lab.use(CHILD, "c" * 64, status="exited")
        for name in ("containers", "volumes"):
            (lab.root / name).mkdir(mode=0o700)
        (lab.root / "containers" / ("c" * 64)).mkdir()
        await lab.close()

    asyncio.run(fill())
    root = tmp_path / "engine"
    root.chmod(0o700)
    (root / "metadata.db").chmod(0o600)
    return root


def look(root: Path, *, running: bool = False) -> Report:
    return check(root, own_mounts=True, running=running)


def kinds(report: Report) -> set[Kind]:
    return {each.kind for each in report.findings}


def execute(lab: Lab, sql: str) -> None:
    with lab.database.transaction() as connection:
        connection.execute(sql)


def test_what_is_whole_is_called_whole(root: Path) -> None:
    report = look(root)
    assert report.findings == ()
    assert report.checked == {
        "images": 2, "layers": 2, "blobs": 6, "snapshots": 3, "containers": 1, "volumes": 0
    }  # fmt: skip


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def _base_layer(lab: Lab) -> str:
    return str(lab.images.resolve("base:1").chain_id)


def _forget_child(lab: Lab) -> None:
    """As if the last transaction of a removal had been lost half way."""
    lab.remove_container("c" * 64)
    execute(lab, "DELETE FROM image_names WHERE name LIKE '%child%'")
    execute(lab, "DELETE FROM images WHERE image_id NOT IN (SELECT image_id FROM image_names)")


DAMAGES: dict[str, tuple[Kind, Damage]] = {
    "a blob that was changed": (
        Kind.BLOB_DAMAGED,
        lambda lab: _append(lab.content.path(lab.images.resolve("base:1").manifest)),
    ),
    "a blob that is gone": (
        Kind.BLOB_MISSING,
        lambda lab: lab.content.delete(lab.images.resolve("base:1").manifest),
    ),
    "a layer that is another one": (
        Kind.LAYER_DAMAGED,
        lambda lab: execute(lab, "UPDATE layers SET tar_size = tar_size + 1"),
    ),
    "an image whose size is wrong": (
        Kind.IMAGE_INCONSISTENT,
        lambda lab: execute(lab, "UPDATE images SET size = size + 1"),
    ),
    "an image on another layer": (
        Kind.IMAGE_INCONSISTENT,
        lambda lab: execute(lab, "UPDATE images SET chain_id = (SELECT min(chain_id) FROM layers)"),
    ),
    "a file that was added to a layer": (
        Kind.SNAPSHOT_CHANGED,
        lambda lab: (lab.snapshots.directory(_base_layer(lab)) / "evil").write_text("evil"),
    ),
    "a layer whose files are gone": (
        Kind.SNAPSHOT_MISSING,
        lambda lab: lab.snapshots.directory(_base_layer(lab)).rename(lab.root.parent / "away"),
    ),
    "a container whose files are gone": (
        Kind.SNAPSHOT_MISSING,
        lambda lab: lab.snapshots.directory("c" * 64).rename(lab.root.parent / "away"),
    ),
    "a container without its directory": (
        Kind.SNAPSHOT_MISSING,
        lambda lab: (lab.root / "containers" / ("c" * 64)).rmdir(),
    ),
    "a volume whose directory is gone": (
        Kind.VOLUME_MISSING,
        lambda lab: execute(lab, "INSERT INTO volumes VALUES ('v', 1, 'null')"),
    ),
    "a directory that others may read": (
        Kind.OPEN_TO_OTHERS,
        lambda lab: (lab.root / "content").chmod(0o755),
    ),
    "a blob of nobody": (Kind.UNREFERENCED, lambda lab: lab.content.add(b"nobody's")),
    "a snapshot of nobody": (
        Kind.UNREFERENCED,
        lambda lab: lab.snapshots.prepare("unpack-1", parent=None),
    ),
    "a directory of nobody": (
        Kind.UNREFERENCED,
        lambda lab: (lab.root / "snapshots" / "77").mkdir(),
    ),
    "an ingest of nobody": (
        Kind.UNREFERENCED,
        lambda lab: (lab.content.ingests / "x").write_text("half"),
    ),
    "a container's directory of nobody": (
        Kind.UNREFERENCED,
        lambda lab: (lab.root / "containers" / "x").mkdir(),
    ),
    "a volume's directory of nobody": (
        Kind.UNREFERENCED,
        lambda lab: (lab.root / "volumes" / "x").mkdir(),
    ),
    "a layer of nobody": (
        Kind.UNREFERENCED,
        _forget_child,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(root: Path, damage: str) -> None:
    kind, cause = DAMAGES[damage]

    async def harm() -> None:
        lab = Lab.open(root)
        cause(lab)
        lab.database.close()

    asyncio.run(harm())
    report = look(root)
    assert kind in kinds(report), report
    assert (kinds(report) <= {Kind.UNREFERENCED}) == (kind is Kind.UNREFERENCED), report
    while_at_work = look(root, running=True)
    assert (kind in kinds(while_at_work)) == (kind is not Kind.UNREFERENCED)


def test_where_there_was_no_engine(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no engine has kept anything"):
        look(tmp_path)
    (tmp_path / "metadata.db").write_text("this is no database" * 100)
    with pytest.raises(DataLoss):
        look(tmp_path)
