"""What a container changes, as a list and as a layer, on each snapshotter.

It mounts, so ``test_diff.py`` runs it in namespaces of its own.
"""

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerlab.engine import diff
from dockerlab.engine.errors import Conflict, NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.copy import CopySnapshotter
from dockerlab.engine.snapshots.overlay import OverlaySnapshotter
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.unpack import apply
from tests.unit.engine.unpack.tars import DIRECTORY, SYMLINK, archive, member
from tests.unit.engine.unpack.trees import describe

BASE = archive(
    member(b"d/", DIRECTORY, mode=0o755),
    member(b"d/one", data=b"1"),
    member(b"d/two", data=b"2", owner=(0, 0), mode=0o600),
    member(b"d/e/deep", data=b"deep"),
    member(b"f", data=b"file"),
    member(b"link", SYMLINK, target=b"d/one"),
    member(b"old/x/y", data=b"y"),
)
SECOND = archive(member(b"d/two", data=b"two"), member(b"old/z", data=b"z"), member(b".wh.f"))


class Place:
    """A snapshotter with an image's two layers and a container on them."""

    def __init__(self, directory: Path, snapshots: Snapshotter) -> None:
        self.directory = directory
        self.snapshots = snapshots
        self.count = 0
        self.layer("base", None, BASE)
        self.layer("second", "base", SECOND)
        self.container("container", "second")

    def layer(self, name: str, parent: str | None, data: bytes) -> None:
        active = self.snapshots.prepare("unpack", parent=parent, unpacking=True)
        apply(
            io.BytesIO(data),
            active,
            whiteouts=self.snapshots.whiteouts,
            below=self.snapshots.below("unpack"),
        )
        self.snapshots.commit(name, "unpack")

    def container(self, name: str, parent: str) -> Path:
        self.snapshots.prepare(name, parent=parent)
        return self.show(name)

    def show(self, name: str) -> Path:
        target = self.directory / f"mount-{self.count}"
        self.count += 1
        target.mkdir()
        return self.snapshots.mount(name, target)

    def close(self) -> None:
        for number in range(self.count):
            self.snapshots.unmount(self.directory / f"mount-{number}")

    @property
    def root(self) -> Path:
        target = self.directory / "mount-0"
        own = self.snapshots.directory("container")
        return target if any(target.iterdir()) else own

    def changes(self) -> list[str]:
        """As ``docker diff`` prints them."""
        found = diff.changes(self.snapshots, "container")
        return [f"{item.kind.value} /{os.fsdecode(b'/'.join(item.path))}" for item in found]

    def again(self, number: int = 0) -> Path:
        """The container's changes written as a layer, unpacked on the same image, shown."""
        out = io.BytesIO()
        written = diff.write(self.snapshots, "container", out)
        assert written.tar_size == len(out.getvalue())
        self.layer(f"third-{number}", "second", out.getvalue())
        assert self.snapshots.usage(f"third-{number}").size == written.size
        return self.container(f"again-{number}", f"third-{number}")


MAKE: tuple[Callable[[Path, Database], Snapshotter], ...] = (OverlaySnapshotter, CopySnapshotter)


@pytest.fixture(params=MAKE, ids=["overlay", "copy"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    database = Database(tmp_path / "metadata.db")
    place = Place(tmp_path, request.param(tmp_path / "snapshots", database))
    yield place
    place.close()
    database.close()
    trees.remove(tmp_path)


def seen(root: Path) -> dict[bytes, tuple[object, ...]]:
    """The tree in whole seconds, as layers keep times, and without overlayfs' own marks."""
    found: dict[bytes, tuple[object, ...]] = {}
    for name, (mode, owner, device, mtime, content, _, link) in describe(root).items():
        time = 0 if str(mode).startswith("0o4") else int(str(mtime)) // 10**9
        found[name] = (mode, owner, device, time, content, link)
    return found


def test_nothing_changed(place: Place) -> None:
    assert place.changes() == []
    out = io.BytesIO()
    assert diff.write(place.snapshots, "container", out).size == 0
    assert out.getvalue() == bytes(1024)


def add(root: Path) -> None:
    (root / "d/new").write_text("new")
    (root / "n/m").mkdir(parents=True)
    (root / "n/m/file").write_text("x")


def change(root: Path) -> None:
    (root / "d/e/deep").write_text("changed")
    (root / "d/one").chmod(0o755)


def delete(root: Path) -> None:
    (root / "d/two").unlink()
    shutil.rmtree(root / "old")


def directory_made_again(root: Path) -> None:
    shutil.rmtree(root / "old")
    (root / "old").mkdir()
    (root / "old/new").write_text("new")


def file_to_directory(root: Path) -> None:
    (root / "d/one").unlink()
    (root / "d/one").mkdir()
    (root / "d/one/inner").write_text("x")


def directory_to_file(root: Path) -> None:
    shutil.rmtree(root / "d")
    (root / "d").write_text("file")


def links(root: Path) -> None:
    (root / "d/a").write_text("a")
    (root / "d/b").hardlink_to(root / "d/a")
    (root / "link").unlink()
    (root / "link").symlink_to("elsewhere")


def only_touched(root: Path) -> None:
    with (root / "d/one").open("r+b"):
        pass


def odd(root: Path) -> None:
    with open(os.fsencode(root) + b"/latin-\xe9", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"x")
    long = root.joinpath(*(["l" * 100] * 5))
    long.mkdir(parents=True)
    (long / "file").write_text("deep")
    os.mkfifo(root / "fifo")
    (root / "su").write_text("")
    (root / "su").chmod(0o6755)
    os.utime(root / "su", (5_000_000_000, 5_000_000_000))


def nothing_but_a_mode(root: Path) -> None:
    (root / "d/e").chmod(0o700)


SCENARIOS: dict[Callable[[Path], None], list[str]] = {
    add: ["C /d", "A /d/new", "A /n", "A /n/m", "A /n/m/file"],
    change: ["C /d", "C /d/e", "C /d/e/deep", "C /d/one"],
    delete: ["C /d", "D /d/two", "D /old"],
    directory_made_again: ["C /old", "A /old/new", "D /old/x", "D /old/z"],
    file_to_directory: ["C /d", "C /d/one", "A /d/one/inner"],
    directory_to_file: ["C /d"],
    only_touched: [],
    nothing_but_a_mode: ["C /d", "C /d/e"],
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_list_is_dockers(place: Place, scenario: Callable[[Path], None]) -> None:
    scenario(place.root)
    assert place.changes() == SCENARIOS[scenario]


@pytest.mark.parametrize(
    "scenario", [*SCENARIOS, links, odd], ids=lambda scenario: scenario.__name__
)
def test_a_layer_of_the_changes_makes_the_same_tree(
    place: Place, scenario: Callable[[Path], None]
) -> None:
    scenario(place.root)
    assert seen(place.again()) == seen(place.root)


def test_removed_and_made_again_is_no_change_in_what_is_left(place: Place) -> None:
    text = (place.root / "d/one").read_text()
    times = (place.root / "d/one").stat().st_mtime_ns
    (place.root / "d/one").unlink()
    (place.root / "d/one").write_text(text)
    (place.root / "d/one").chmod(0o644)
    os.utime(place.root / "d/one", ns=(times, times))
    assert place.changes() == []


def test_user_attributes_are_kept(place: Place) -> None:
    os.setxattr(place.root / "d/one", "user.colour", b"bl\0ue")
    os.utime(place.root / "d/one")
    again = place.again()
    assert os.getxattr(again / "d/one", "user.colour") == b"bl\0ue"


def test_a_layer_can_be_read_by_others(place: Place) -> None:
    for scenario in (add, odd, links, delete):
        scenario(place.root)
    out = io.BytesIO()
    diff.write(place.snapshots, "container", out)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        names = [info.name for info in tar]
    assert {"d/.wh.two", ".wh.old", "n/m/file", "latin-\udce9", "fifo"} <= set(names)


def test_everything_is_the_whole_tree(place: Place) -> None:
    add(place.root)
    out = io.BytesIO()
    diff.pack(place.root, diff.everything(place.root), out)
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        assert [info.name for info in tar] == sorted(
            (os.fsdecode(name) for name in describe(place.root)), key=lambda name: name.split("/")
        )


def test_a_file_that_shrinks_meanwhile(place: Place) -> None:
    (place.root / "d/new").write_text("longer")
    changes = diff.changes(place.snapshots, "container")
    (place.root / "d/new").write_text("")
    with pytest.raises(Conflict, match="new changed while it was read"):
        diff.pack(place.snapshots.directory("container"), changes, io.BytesIO())


def test_no_such_snapshot(place: Place) -> None:
    with pytest.raises(NotFound):
        diff.changes(place.snapshots, "nothing")


PATHS = ["d", "d/one", "d/e", "d/e/deep", "d/two", "old", "old/x", "new", "new/a", "link"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "remove", "mkdir", "chmod", "link"]), st.sampled_from(PATHS)
    ),
    max_size=8,
)


def step(root: Path, verb: str, name: str) -> None:
    path = root / name
    try:
        if verb == "remove":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        elif verb == "write":
            path.write_text("written")
        elif verb == "mkdir":
            path.mkdir(parents=True)
        elif not path.is_symlink():
            path.chmod(0o700)
    except OSError:
        pass


@settings(
    max_examples=25,
    deadline=None,
    database=None,  # whoever runs this may not write to the repository
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_any_changes_come_back(place: Place, steps: list[tuple[str, str]]) -> None:
    place.snapshots.unmount(place.directory / "mount-0")
    place.snapshots.remove("container")
    place.snapshots.prepare("container", parent="second")
    root = place.snapshots.mount("container", place.directory / "mount-0")
    for verb, name in steps:
        step(root, verb, name)
    assert seen(place.again(place.count)) == seen(root)
