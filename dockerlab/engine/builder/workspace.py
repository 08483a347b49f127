"""File systems that a build looks into or writes to: mounted for as long as a block lasts."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dockerlab.engine import diff
from dockerlab.engine.containers import rootfs
from dockerlab.engine.errors import NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import Snapshotter


class Workspace:
    """The directory of one build, and the snapshots it makes. Its methods block."""

    def __init__(self, directory: Path, snapshots: Snapshotter, database: Database) -> None:
        """``directory`` is made when it is needed; whoever made the workspace also removes it."""
        self.directory = directory
        self.context = directory / "context"
        self._snapshots = snapshots
        self._database = database

    def remove(self) -> None:
        """Take it away with all that is in it."""
        trees.remove(self.directory)

    def folder(self) -> Path:
        """A new empty directory."""
        folder = self.directory / uuid.uuid4().hex
        folder.mkdir(mode=0o700, parents=True)
        return folder

    @contextmanager
    def image(self, image: Image | None) -> Iterator[Path]:
        """The files of an image, to be read; of none, nothing."""
        target = self.folder()
        if image is None or image.chain_id is None:
            yield target
            return
        root = self._snapshots.mount(image.chain_id, target)
        try:
            yield root
        finally:
            self._snapshots.unmount(target)

    def has_directory(self, image: Image | None, path: str) -> bool:
        """Whether an image has a directory at ``path``, links followed."""
        with self.image(image) as root:
            return rootfs.resolve(root, path).is_dir()

    @contextmanager
    def writable(self, image: Image | None) -> Iterator["Writable"]:
        """The files of an image, to be changed; what was changed is gone after the block."""
        name = f"build-{uuid.uuid4().hex}"
        target = self.folder()
        with self._database.relaxed():
            self._snapshots.prepare(name, parent=image.chain_id if image else None)
        try:
            root = self._snapshots.mount(name, target)
            try:
                yield Writable(name, root, self._snapshots)
            finally:
                self._snapshots.unmount(target)
        finally:
            with self._database.relaxed(), suppress(NotFound):
                self._snapshots.remove(name)


class Writable:
    """A file system that can be changed."""

    def __init__(self, name: str, root: Path, snapshots: Snapshotter) -> None:
        self.root = root
        self._name = name
        self._snapshots = snapshots

    def write(self, out: BinaryIO) -> DiffID:
        """Write what was changed as a layer."""
        return diff.write(self._snapshots, self._name, out).diff_id
