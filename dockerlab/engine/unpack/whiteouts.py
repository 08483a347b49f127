"""What a layer removes (OCI image-spec, layer.md § Whiteouts), written as a snapshotter wants it.

``.wh.name`` hides ``name`` of the layers below; ``.wh..wh..opq`` hides all that they have in its
directory. Neither hides anything of its own layer, wherever in the tar it stands.

Overlayfs has a character device 0:0 for the one and an attribute of the directory for the other
(Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"). Linux lets anybody
make that one device, in a user namespace too, since 5.8.
"""

import os
import stat
from contextlib import suppress

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import WhiteoutFormat
from dockerlab.engine.unpack.below import Below
from dockerlab.engine.unpack.root import Parts, Root

PREFIX = b".wh."
OPAQUE = b".wh..wh..opq"
_OPAQUE_ATTRIBUTE = {
    WhiteoutFormat.OVERLAY: "trusted.overlay.opaque",
    WhiteoutFormat.OVERLAY_USER: "user.overlay.opaque",
}


class Whiteouts:
    """Hides what is below, within one root and in one format.

    A whiteout of nothing is not written, as far as is known what there is: in a directory that no
    layer below has, overlayfs lists it as a file.
    """

    def __init__(self, kind: WhiteoutFormat, root: Root, below: Below | None) -> None:
        self._attribute = _OPAQUE_ATTRIBUTE.get(kind)
        self._root = root
        self._below = below
        self._hidden: set[Parts] = set()
        self._opaque: set[Parts] = set()
        self._written: set[Parts] = set()
        self._implied: set[Parts] = set()

    def written(self, path: Parts) -> None:
        """The layer itself holds ``path``: no whiteout of this layer hides it."""
        if self._attribute is None:
            while path and path not in self._written:
                self._written.add(path)
                path = path[:-1]
        elif self._implied:
            self._implied.difference_update(path[:length] for length in range(1, len(path) + 1))

    def implied(self, path: Parts) -> None:
        """A directory of the layers below was made here, too, and nothing is in it so far."""
        if self._attribute is not None and not self._is_covered(path):
            self._implied.add(path)

    def is_own(self, path: Parts) -> bool:
        """Whether what is at ``path`` in the directory comes from this layer."""
        return self._attribute is not None or path in self._written

    def forget(self, path: Parts) -> bool:
        """What was at ``path`` is gone; whether that was a whiteout of this layer."""
        was_hidden = path in self._hidden
        self._hidden.discard(path)
        return was_hidden

    def expect_opaque(self, path: Parts) -> None:
        """The directory ``path`` takes a whiteout's place: ``make_opaque`` is to follow."""
        self._opaque.add(path)

    def hide(self, path: Parts) -> None:
        """Hide what the layers below have at ``path``."""
        parent, _ = self._root.directory(path[:-1])
        name = path[-1]
        try:
            if self._attribute is not None:
                if self._below is not None and self._below.status(path) is None:
                    return
                os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=parent)
                self._hidden.add(path)
                return
            if path not in self._written:
                remove(name, parent)
                self._root.forget()
                return
        except FileNotFoundError:
            return
        except FileExistsError:
            pass
        if path in self._implied:
            self._take_back(path)
            self.hide(path)
        elif is_directory(name, parent):  # this layer has it too: only what is below goes
            self.make_opaque(path)

    def make_opaque(self, path: Parts) -> None:
        """Hide all that the layers below have in the directory ``path``."""
        handle, _ = self._root.directory(path)
        if self._attribute is not None:
            os.setxattr(handle, self._attribute, b"y")
            self._opaque.add(path)
            for each in sorted(self._implied, key=len):
                if each[: len(path)] == path != each:
                    self._take_back(each)
            return
        pending = [path]
        while pending:
            path = pending.pop()
            handle, _ = self._root.directory(path)
            for name in _names(handle):
                if (*path, name) not in self._written:
                    remove(name, handle)
                elif is_directory(name, handle):
                    pending.append((*path, name))
        self._root.forget()

    def finish(self) -> None:
        """Take back the whiteouts in opaque directories: overlayfs would list them as files."""
        for path in self._hidden:
            if self._is_covered(path):
                parent, _ = self._root.directory(path[:-1])
                os.unlink(path[-1], dir_fd=parent)

    def _is_covered(self, path: Parts) -> bool:
        """Whether a directory above hides what the layers below have at ``path``."""
        return any(path[:length] in self._opaque for length in range(len(path)))

    def _take_back(self, path: Parts) -> None:
        """Remove a directory with nothing but whiteouts in it, which another has made needless."""
        with suppress(FileNotFoundError, DataLoss):  # gone with the one that it was in
            parent, _ = self._root.directory(path[:-1], make=False)
            remove(path[-1], parent)
        self._root.forget()
        self._implied.discard(path)
        self._hidden = {each for each in self._hidden if each[: len(path)] != path}


def _names(handle: int) -> list[bytes]:
    with os.scandir(handle) as found:
        return [os.fsencode(item.name) for item in found]


def remove(name: bytes, parent: int) -> None:
    """Remove a file, or a directory with all that is in it."""
    try:
        os.unlink(name, dir_fd=parent)
    except IsADirectoryError:
        trees.remove(name, parent=parent)


def is_directory(name: bytes, parent: int) -> bool:
    """Whether there is a directory ``name``, and no symbolic link to one."""
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
