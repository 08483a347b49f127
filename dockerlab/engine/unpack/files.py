"""Make one file of each kind, and give it its attributes (OCI image-spec, layer.md).

Their order is the kernel's: owner first, since giving a file away takes its setuid bits and
capabilities (chown(2)); then extended attributes, permissions, and the times last.
"""

import logging
import os
import stat
from errno import ENOTSUP, EPERM

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.ownership import Ownership
from dockerlab.engine.unpack.source import Source

_log = logging.getLogger(__name__)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    tar.CHARACTER: stat.S_IFCHR,
    tar.BLOCK_DEVICE: stat.S_IFBLK,
    tar.FIFO: stat.S_IFIFO,
}
_OVERLAY = (b"trusted.overlay.", b"user.overlay.")
"""Overlayfs' own attributes: from a layer they could change what is seen of the layers below."""


class Files:
    """Makes files in open directories."""

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership

    def make(self, entry: tar.Entry, source: Source, parent: int, name: bytes) -> None:
        """Make a file, symbolic link, device or fifo called ``name`` in the directory ``parent``.

        Raises:
            FileExistsError: there is one already.
            DataLoss: a link leads to nothing, or there is no such device.

        """
        if entry.type == tar.FILE:
            self._file(entry, source, parent, name)
            return
        if entry.type == tar.SYMLINK:
            if not entry.target:
                raise DataLoss(f"{os.fsdecode(entry.name)}: a symbolic link to nothing")
            os.symlink(entry.target, name, dir_fd=parent)
        elif not self._special(entry, parent, name):
            return
        self.set_attributes(entry, parent, name)

    def _file(self, entry: tar.Entry, source: Source, parent: int, name: bytes) -> None:
        handle = os.open(name, _NEW, 0o600, dir_fd=parent)
        try:
            if entry.extents is not None:
                _write_sparse(entry, source, handle)
            else:
                _write(source, entry.size, handle)
            self._set_open_attributes(entry, handle, directory=False)
        finally:
            os.close(handle)

    def _special(self, entry: tar.Entry, parent: int, name: bytes) -> bool:
        """Make a device or fifo; whether it was possible."""
        major, minor = entry.device
        if not (0 <= major < 1 << 12 and 0 <= minor < 1 << 20):
            raise DataLoss(f"{os.fsdecode(entry.name)}: there is no device {major}:{minor}")
        try:
            os.mknod(name, _KINDS[entry.type] | 0o600, os.makedev(major, minor), dir_fd=parent)
        except PermissionError:
            # Only the machine's root may make devices. Rootless Docker leaves them out, too.
            _log.debug("left out device %r", entry.name)
            return False
        return True

    def set_directory_attributes(self, entry: tar.Entry, handle: int) -> None:
        """Set the attributes of a directory that is open as ``handle``."""
        self._set_open_attributes(entry, handle, directory=True)

    def _set_open_attributes(self, entry: tar.Entry, handle: int, *, directory: bool) -> None:
        uid, gid = self._ownership.owner(entry.uid, entry.gid)
        os.fchown(handle, uid, gid)
        for key, value in entry.xattrs.items():
            _set_xattr(handle, key, value)
        os.fchmod(handle, self._ownership.mode(entry.mode, directory=directory))
        os.utime(handle, ns=_times(entry))

    def set_attributes(self, entry: tar.Entry, parent: int, name: bytes) -> None:
        """Set the attributes of what is no directory and is not open."""
        uid, gid = self._ownership.owner(entry.uid, entry.gid)
        os.chown(name, uid, gid, dir_fd=parent, follow_symlinks=False)
        for key, value in entry.xattrs.items():
            _set_xattr(b"/proc/self/fd/%d/%s" % (parent, name), key, value)
        if not stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            os.chmod(name, self._ownership.mode(entry.mode, directory=False), dir_fd=parent)
        os.utime(name, ns=_times(entry), dir_fd=parent, follow_symlinks=False)


def _write(source: Source, size: int, handle: int) -> None:
    for piece in source.pieces(size):
        while written := os.write(handle, piece):
            if written == len(piece):
                break
            piece = piece[written:]  # noqa: PLW2901 - what the disk did not take yet


def _write_sparse(entry: tar.Entry, source: Source, handle: int) -> None:
    source.charge(entry.size)
    for offset, size in entry.extents or ():
        os.lseek(handle, offset, os.SEEK_SET)
        _write(source, size, handle)
    os.ftruncate(handle, entry.size)


def _set_xattr(file: int | bytes, key: bytes, value: bytes) -> None:
    if key.startswith(_OVERLAY):
        return
    try:
        # A number stands for an open file, where "do not follow" has no meaning and is an error.
        os.setxattr(file, key, value, follow_symlinks=isinstance(file, int))
    except OSError as error:
        # As Docker: what this file system or this user cannot keep is left out.
        if error.errno not in (ENOTSUP, EPERM):
            raise
        _log.debug("left out extended attribute %r", key)


def _times(entry: tar.Entry) -> tuple[int, int]:
    """Times before 1970 or after 2262 become 1970, as in Docker."""
    mtime = entry.mtime if 0 <= entry.mtime < 1 << 63 else 0
    return mtime, mtime
