"""One suite over each snapshotter, after containerd's ``core/snapshots/testsuite``.

It mounts, so ``test_snapshotter.py`` runs it in namespaces of its own.
"""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from dockerlab.engine import mount
from dockerlab.engine.errors import Conflict, EngineError, InvalidParameter, NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.copy import CopySnapshotter
from dockerlab.engine.snapshots.overlay import MAX_LAYERS, OverlaySnapshotter
from dockerlab.engine.snapshots.snapshotter import Info, Kind, Snapshotter

Make = Callable[[Path, Database], Snapshotter]
SNAPSHOTTERS: dict[str, Make] = {
    "overlay": OverlaySnapshotter,
    "copy": CopySnapshotter,
    "bound": partial(CopySnapshotter, binds=True),
}


class Place:
    """A snapshotter with a place to mount at."""

    def __init__(self, directory: Path, make: Make) -> None:
        self.directory = directory
        self.make = make
        self.database = Database(directory / "metadata.db")
        self.snapshots = make(directory / "snapshots", self.database)
        self._mounted: list[Path] = []

    def layer(self, name: str, parent: str | None, files: dict[str, str]) -> None:
        """Commit a layer with these files."""
        directory = self.snapshots.prepare(f"new-{name}", parent=parent)
        for path, text in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).unlink(missing_ok=True)
            (directory / path).write_text(text)
        self.snapshots.commit(name, f"new-{name}")

    def mount(self, name: str) -> Path:
        target = self.directory / f"mount-{len(self._mounted)}"
        target.mkdir()
        self._mounted.append(target)
        return self.snapshots.mount(name, target)

    def unmount(self) -> None:
        for target in self._mounted:
            self.snapshots.unmount(target)

    def restart(self, *, keep: list[str]) -> None:
        """As after kill -9: everything is opened anew, and swept."""
        self.unmount()
        self.database.close()
        self.database = Database(self.directory / "metadata.db")
        self.snapshots = self.make(self.directory / "snapshots", self.database)
        self.snapshots.sweep(keep=keep)


@pytest.fixture(params=SNAPSHOTTERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path, SNAPSHOTTERS[request.param])
    yield place
    place.unmount()
    place.database.close()
    trees.remove(tmp_path)  # here, where its files' owners are known


def tree(directory: Path) -> dict[str, str]:
    """The files of a directory by name, with their text."""
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_a_layer_shows_all_below_it(place: Place) -> None:
    place.layer("one", None, {"a": "1", "d/b": "1"})
    place.layer("two", "one", {"d/b": "2", "c": "2"})
    place.snapshots.prepare("active", parent="two")
    root = place.mount("active")
    assert tree(root) == {"a": "1", "d/b": "2", "c": "2"}


def test_a_change_is_seen_in_its_snapshot_only(place: Place) -> None:
    place.layer("one", None, {"a": "1", "b": "1"})
    place.snapshots.prepare("x", parent="one")
    place.snapshots.prepare("y", parent="one")
    x = place.mount("x")
    (x / "a").write_text("changed in place")
    (x / "b").unlink()
    (x / "new").write_text("x")
    assert tree(place.mount("y")) == {"a": "1", "b": "1"}
    assert tree(place.mount("one")) == {"a": "1", "b": "1"}
    assert tree(x) == {"a": "changed in place", "new": "x"}


def test_changes_survive_a_second_mount(place: Place) -> None:
    place.layer("one", None, {"a": "1"})
    place.snapshots.prepare("active", parent="one")
    (place.mount("active") / "new").write_text("kept")
    place.unmount()
    assert tree(place.mount("active")) == {"a": "1", "new": "kept"}


def test_what_a_container_changed_can_be_committed_and_built_upon(place: Place) -> None:
    place.layer("one", None, {"a": "1", "d/x": "1", "d/y": "1"})
    place.snapshots.prepare("container", parent="one")
    root = place.mount("container")
    (root / "d/x").unlink()
    (root / "d/y").unlink()
    (root / "d").rmdir()
    (root / "d").mkdir()
    (root / "d/z").write_text("2")
    place.unmount()
    place.snapshots.commit("two", "container")
    place.snapshots.prepare("next", parent="two")
    assert tree(place.mount("next")) == {"a": "1", "d/z": "2"}


def test_a_directory_removed_and_made_again_stays_usable(place: Place) -> None:
    place.layer("one", None, {"d/x": "1"})
    place.layer("two", "one", {"d/y": "2"})
    place.snapshots.prepare("active", parent="two")
    root = place.mount("active")
    for name in ("x", "y"):
        (root / "d" / name).unlink()
    (root / "d").rmdir()
    (root / "d").mkdir()
    (root / "d/inner").mkdir()
    (root / "d/inner/z").write_text("3")
    assert tree(root) == {"d/inner/z": "3"}


def test_a_directory_can_be_renamed_as_mv_does(place: Place) -> None:
    place.layer("one", None, {"d/x": "1"})
    place.snapshots.prepare("active", parent="one")
    root = place.mount("active")
    subprocess.run(["mv", root / "d", root / "e"], check=True)
    assert tree(root) == {"e/x": "1"}


def test_modes_and_owners_are_kept(place: Place) -> None:
    directory = place.snapshots.prepare("new", parent=None)
    (directory / "d").mkdir()
    (directory / "d").chmod(0o1777)
    (directory / "su").write_text("")
    (directory / "su").chmod(0o4755)
    (directory / "forbidden").write_text("")
    (directory / "forbidden").chmod(0)
    place.snapshots.commit("one", "new")
    place.snapshots.prepare("active", parent="one")
    root = place.mount("active")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in root.iterdir()}
    assert modes == {"d": 0o1777, "su": 0o4755, "forbidden": 0}
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


def test_hard_links_within_a_layer_stay_links(place: Place) -> None:
    directory = place.snapshots.prepare("new", parent=None)
    (directory / "a").write_text("1")
    (directory / "d").mkdir()
    (directory / "d/b").hardlink_to(directory / "a")
    place.snapshots.commit("one", "new")
    place.snapshots.prepare("active", parent="one")
    root = place.mount("active")
    assert (root / "a").stat().st_ino == (root / "d/b").stat().st_ino
    assert (root / "a").stat().st_nlink == 2


def test_a_committed_snapshot_is_the_parents_tree_too(place: Place) -> None:
    place.layer("one", None, {"a": "1"})
    place.layer("two", "one", {"b": "2"})
    assert tree(place.mount("two")) == {"a": "1", "b": "2"}


def test_as_many_layers_as_docker_has(place: Place) -> None:
    parent = None
    for number in range(MAX_LAYERS):
        place.layer(f"layer-{number}", parent, {f"f{number}": ""})
        parent = f"layer-{number}"
    place.snapshots.prepare("active", parent=parent)
    assert len(tree(place.mount("active"))) == MAX_LAYERS


def test_the_life_cycle(place: Place) -> None:
    snapshots = place.snapshots
    snapshots.prepare("new", parent=None)
    assert snapshots.stat("new") == Info("new", Kind.ACTIVE, None)
    snapshots.commit("one", "new")
    assert snapshots.stat("one") == Info("one", Kind.COMMITTED, None)
    snapshots.prepare("active", parent="one")
    assert list(snapshots.walk()) == [
        Info("one", Kind.COMMITTED, None),
        Info("active", Kind.ACTIVE, "one"),
    ]
    snapshots.remove("active")
    snapshots.remove("one")
    assert list(snapshots.walk()) == []
    assert list((place.directory / "snapshots").iterdir()) == []


def test_a_name_is_taken_once(place: Place) -> None:
    place.layer("one", None, {})
    place.snapshots.prepare("active", parent="one")
    with pytest.raises(Conflict, match="snapshot active already exists"):
        place.snapshots.prepare("active", parent="one")
    with pytest.raises(Conflict, match="snapshot one already exists"):
        place.snapshots.commit("one", "active")
    assert place.snapshots.stat("active").kind is Kind.ACTIVE


def test_nothing_builds_on_what_may_still_change(place: Place) -> None:
    place.snapshots.prepare("active", parent=None)
    with pytest.raises(InvalidParameter, match="not committed"):
        place.snapshots.prepare("child", parent="active")


def test_a_parent_cannot_be_removed(place: Place) -> None:
    place.layer("one", None, {})
    place.layer("two", "one", {})
    with pytest.raises(Conflict, match="two builds on it"):
        place.snapshots.remove("one")


@pytest.mark.parametrize("verb", ["stat", "usage", "remove", "directory", "below"])
def test_what_is_not_there_is_not_found(place: Place, verb: str) -> None:
    with pytest.raises(NotFound, match="no such snapshot: nothing"):
        getattr(place.snapshots, verb)("nothing")


def test_only_an_active_snapshot_can_be_committed(place: Place) -> None:
    place.layer("one", None, {})
    for name in ("one", "nothing"):
        with pytest.raises(NotFound):
            place.snapshots.commit("two", name)
    with pytest.raises(NotFound):
        place.snapshots.prepare("child", parent="nothing")


def test_usage_counts_own_files_once(place: Place) -> None:
    place.layer("one", None, {"a": "1" * 1000, "b": "2" * 10})
    assert place.snapshots.usage("one").size == 1010
    directory = place.snapshots.prepare("active", parent="one")
    (directory / "d").mkdir()
    (directory / "d/c").write_text("3" * 100)
    (directory / "d/again").hardlink_to(directory / "d/c")
    (directory / "link").symlink_to("12345")
    assert place.snapshots.usage("active").size == 105


def test_a_full_path_cannot_be_in_the_way_of_removing(place: Place) -> None:
    """Deeper than PATH_MAX, and with modes that forbid everything."""
    directory = place.snapshots.prepare("deep", parent=None)
    handle = os.open(directory, os.O_RDONLY)
    for _ in range(60):
        name = "d" * 200
        os.mkdir(name, dir_fd=handle)
        inner = os.open(name, os.O_RDONLY, dir_fd=handle)
        os.mkdir("1", dir_fd=inner)
        os.close(os.open("file", os.O_CREAT, dir_fd=inner))
        os.fchmod(handle, 0)
        os.close(handle)
        handle = inner
    os.close(handle)
    place.snapshots.remove("deep")
    assert list((place.directory / "snapshots").iterdir()) == []


def test_sweeping_removes_what_nobody_names(place: Place) -> None:
    place.layer("one", None, {"a": "1"})
    place.layer("two", "one", {"b": "2"})
    place.layer("lost", "two", {"c": "3"})
    place.snapshots.prepare("container", parent="two")
    place.snapshots.prepare("half-unpacked", parent="lost")
    (place.directory / "snapshots/999/fs").mkdir(parents=True)
    place.restart(keep=["container"])
    assert [info.name for info in place.snapshots.walk()] == ["one", "two", "container"]
    assert len(list((place.directory / "snapshots").iterdir())) == 3


def test_an_id_is_never_used_twice(place: Place) -> None:
    first = place.snapshots.prepare("one", parent=None)
    place.snapshots.remove("one")
    assert place.snapshots.prepare("one", parent=None) != first


@pytest.mark.parametrize("interrupted", ["prepare", "commit", "remove"])
def test_a_crash_half_way_leaves_nothing_half_done(
    place: Place, interrupted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work stops at the first system call after the row was written, and before."""
    place.layer("one", None, {"a": "1"})
    place.snapshots.prepare("active", parent="one")

    def crash(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    place_of_crash, call, arguments = {
        "prepare": ("os.mkdir", place.snapshots.prepare, {"name": "other", "parent": "one"}),
        "commit": (
            "dockerlab.engine.snapshots.disk._libc.syncfs",
            place.snapshots.commit,
            {"name": "two", "active": "active"},
        ),
        "remove": (
            "dockerlab.engine.snapshots.trees.remove",
            place.snapshots.remove,
            {"name": "active"},
        ),
    }[interrupted]
    monkeypatch.setattr(place_of_crash, crash)
    with pytest.raises(KeyboardInterrupt):
        call(**arguments)  # type: ignore[operator]
    monkeypatch.undo()
    place.restart(keep=["one", "active"])
    names = [info.name for info in place.snapshots.walk()]
    assert names == (["one"] if interrupted == "remove" else ["one", "active"])
    assert len(list((place.directory / "snapshots").iterdir())) == len(names)


def test_unmounting_where_nothing_is_mounted(place: Place) -> None:
    place.snapshots.unmount(place.directory)
    place.snapshots.unmount(place.directory / "nothing")


def test_the_kernels_refusal_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"could not mount nothing at .*: "):
        mount.mount("nothing", tmp_path, kind="nothing")
