"""Layers unpacked into each snapshotter and shown by it, with real owners, devices and mounts.

It mounts, so ``test_unpack.py`` runs it in namespaces of its own.
"""

import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerlab.engine import mount
from dockerlab.engine.errors import DiskFull
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.copy import CopySnapshotter
from dockerlab.engine.snapshots.overlay import OverlaySnapshotter
from dockerlab.engine.snapshots.snapshotter import Snapshotter, WhiteoutFormat
from dockerlab.engine.unpack import Ownership, apply
from tests.unit.engine.unpack.tars import (
    CHARACTER,
    DIRECTORY,
    FIFO,
    LINK,
    SYMLINK,
    archive,
    member,
)
from tests.unit.engine.unpack.trees import describe, shapes

CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
CAPABLE = {b"SCHILY.xattr.security.capability": CAPABILITY}
BASE = archive(
    member(b"etc/", DIRECTORY, mode=0o755),
    member(b"etc/shadow", data=b"secret", mode=0o640, owner=(0, 42)),
    member(b"home/", DIRECTORY),
    member(b"home/user/", DIRECTORY, mode=0o700, owner=(1000, 1000)),
    member(b"home/user/file", data=b"mine", owner=(1000, 1000)),
    member(b"sbin/ping", data=b"ping", mode=0o755, pax=CAPABLE),
    member(b"sbin/su", data=b"su", mode=0o4755),
    member(b"sbin/again", LINK, target=b"sbin/su", mode=0o4755),
    member(b"dev/null", CHARACTER, device=(1, 3), mode=0o666),
    member(b"dev/pipe", FIFO, mode=0o600),
    member(b"lib", SYMLINK, target=b"sbin"),
    member(b"locked/", DIRECTORY, mode=0o555),
    member(b"locked/x", data=b"x", mode=0o444),
    member(b"old/", DIRECTORY),
    member(b"old/one", data=b"1"),
    member(b"old/two", data=b"2"),
)
CHANGE = archive(
    member(b"etc/shadow", data=b"changed", mode=0o640, owner=(0, 42)),
    member(b"home/.wh.user"),
    member(b"locked/y", data=b"y"),
    member(b"old/.wh..wh..opq"),
    member(b"old/three", data=b"3"),
    member(b"twice", LINK, target=b"sbin/su", mode=0o755),
)


MAKE: tuple[Callable[[Path, Database], Snapshotter], ...] = (OverlaySnapshotter, CopySnapshotter)


@pytest.fixture(params=MAKE, ids=["overlay", "copy"])
def snapshots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Snapshotter]:
    database = Database(tmp_path / "metadata.db")
    snapshots: Snapshotter = request.param(tmp_path / "snapshots", database)
    yield snapshots
    snapshots.unmount(tmp_path / "root")
    database.close()
    trees.remove(tmp_path)


def show(snapshots: Snapshotter, directory: Path, *layers: bytes) -> Path:
    """The root file system that these layers make."""
    parent = None
    for number, layer in enumerate(layers):
        active = snapshots.prepare(f"active-{number}", parent=parent, unpacking=True)
        below = snapshots.below(f"active-{number}")
        applied = apply(io.BytesIO(layer), active, whiteouts=snapshots.whiteouts, below=below)
        snapshots.commit(f"layer-{number}", f"active-{number}")
        assert snapshots.usage(f"layer-{number}").size == applied.size
        parent = f"layer-{number}"
    snapshots.prepare("container", parent=parent)
    (directory / "root").mkdir()
    return snapshots.mount("container", directory / "root")


def test_layers_become_one_tree(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE, CHANGE)
    found = {path: shape for path, shape in shapes(root).items() if not path.startswith("dev")}
    assert found == {
        "etc": "/",
        "etc/shadow": "changed",
        "home": "/",
        "lib": "-> sbin",
        "locked": "/",
        "locked/x": "x",
        "locked/y": "y",
        "old": "/",
        "old/three": "3",
        "sbin": "/",
        "sbin/again": "su",
        "sbin/ping": "ping",
        "sbin/su": "su",
        "twice": "su",
    }


def test_owners_are_the_images_where_they_exist(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE)
    status = (root / "etc/shadow").stat()
    here = Ownership.here()
    if not here.privileged:
        assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
    else:
        assert (status.st_uid, status.st_gid) == here.owner(0, 42)
        assert status.st_gid == (42 if any(42 in numbers for numbers in here.groups) else 0)


def test_modes_are_kept(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE)
    privileged = Ownership.here().privileged
    modes = {
        name: oct(stat.S_IMODE((root / name).stat().st_mode))
        for name in ("sbin/su", "sbin/again", "home/user", "locked", "locked/x", "dev/pipe")
    }
    assert modes == {
        "sbin/su": "0o4755",
        "sbin/again": "0o4755",
        "home/user": "0o700",
        "locked": "0o555" if privileged else "0o755",
        "locked/x": "0o444" if privileged else "0o644",
        "dev/pipe": "0o600",
    }


def test_devices_are_made_by_the_machines_root_only(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE)
    device = root / "dev/null"
    if Ownership.here().privileged and not mount.in_user_namespace():
        assert device.stat().st_rdev == os.makedev(1, 3)
    else:
        assert not device.exists()


def test_a_device_from_an_image_does_not_work(tmp_path: Path) -> None:
    """Mounted ``nodev``: a layer cannot bring the machine's disk along."""
    if not Ownership.here().privileged or mount.in_user_namespace():
        return  # the device is not even made
    database = Database(tmp_path / "metadata.db")
    root = show(OverlaySnapshotter(tmp_path / "snapshots", database), tmp_path, BASE, CHANGE)
    with pytest.raises(PermissionError):
        (root / "dev/null").read_bytes()
    mount.unmount(root)
    database.close()


def test_capabilities_are_kept_where_they_can_be(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE)
    if Ownership.here().privileged:
        assert os.getxattr(root / "sbin/ping", "security.capability")[4:12] == CAPABILITY[4:12]


def test_a_container_gets_copies_of_its_own(snapshots: Snapshotter, tmp_path: Path) -> None:
    root = show(snapshots, tmp_path, BASE, CHANGE)
    layers = [snapshots.directory("layer-0"), snapshots.directory("layer-1")]
    before = [describe(layer) for layer in layers]
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
            path.write_text("changed by the container")
    assert [describe(layer) for layer in layers] == before


def test_the_layer_below_never_changes(snapshots: Snapshotter, tmp_path: Path) -> None:
    show(snapshots, tmp_path, BASE)
    before = describe(snapshots.directory("layer-0"))
    active = snapshots.prepare("next", parent="layer-0", unpacking=True)
    apply(
        io.BytesIO(CHANGE),
        active,
        whiteouts=snapshots.whiteouts,
        below=snapshots.below("next"),
    )
    # Hard links to the parent's files are copy's way to share them: the same file, one name more.
    after = describe(snapshots.directory("layer-0"))
    assert {name: seen[:-1] for name, seen in after.items()} == {
        name: seen[:-1] for name, seen in before.items()
    }


def test_a_full_disk_is_told_and_can_be_cleared(tmp_path: Path) -> None:
    if not Ownership.here().privileged:
        return  # who cannot mount has no small disk to fill
    small = tmp_path / "small"
    small.mkdir()
    mount.mount("none", small, kind="tmpfs", data="size=256k,nr_inodes=100")
    layer = io.BytesIO(archive(member(b"big", data=bytes(1 << 20))))
    with pytest.raises(DiskFull, match="could not unpack 'big': no space left on device"):
        apply(layer, small, whiteouts=WhiteoutFormat.REMOVE)
    many = io.BytesIO(archive(*(member(b"%d/x" % number) for number in range(10_000))))
    with pytest.raises(DiskFull):
        apply(many, small, whiteouts=WhiteoutFormat.REMOVE)
    mount.unmount(small)
