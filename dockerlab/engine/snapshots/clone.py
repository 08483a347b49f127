"""Copy a directory tree with all that a container can see of it.

Owners, modes, times, extended attributes, symbolic links, fifos, devices, holes and hard links
within the tree are kept. Data are shared where the file system can (reflinks: Btrfs, XFS), and
copied otherwise.
"""

import fcntl
import os
import stat
from contextlib import suppress
from errno import EINVAL, EMLINK, ENOTSUP, ENOTTY, ENXIO, EPERM, EXDEV
from pathlib import Path

_FICLONE = 0x40049409
"""ioctl of linux/fs.h: one file has the other's data, until either is written to."""
_PIECE = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = _READ | os.O_DIRECTORY

_Place = tuple[tuple[bytes, ...], bytes]


def clone(source: Path, target: Path, *, hard_links: bool) -> None:
    """Copy the tree ``source`` to ``target``, which must not be there.

    With ``hard_links`` regular files are not copied but get one more name: only for those who never
    write into a file, but replace it.
    """
    target.mkdir(mode=0o700)
    _Clone(target, hard_links=hard_links).run(source)


class _Clone:
    """One copy under way."""

    def __init__(self, target: Path, *, hard_links: bool) -> None:
        self._target = target
        self._hard_links = hard_links
        self._reflinks = True
        self._first: dict[int, _Place] = {}  # by inode: the copy that its other names link to
        self._reopened: tuple[tuple[bytes, ...], int] | None = None

    def run(self, source: Path) -> None:
        """Copy, depth first: a directory gets its attributes when all in it is made."""
        pending = [(os.open(source, _DIRECTORY), os.open(self._target, _DIRECTORY))]
        place: list[bytes] = []
        left = [self._files(*pending[0], ())]
        try:
            while pending:
                old, new = pending[-1]
                if left[-1]:
                    name = left[-1].pop()
                    os.mkdir(name, 0o700, dir_fd=new)
                    place.append(name)
                    pending.append(_open_both(name, old, new))
                    left.append(self._files(*pending[-1], tuple(place)))
                    continue
                _dress_open(old, new)
                _close(pending.pop())
                left.pop()
                del place[-1:]
        finally:
            self._close_reopened()
            for both in pending:
                _close(both)

    def _files(self, old: int, new: int, place: tuple[bytes, ...]) -> list[bytes]:
        """Copy all of a directory but its directories; their names."""
        directories = []
        for name, status in _list(old):
            if stat.S_ISDIR(status.st_mode):
                directories.append(name)
            elif status.st_nlink > 1 and status.st_ino in self._first:
                self._link(self._first[status.st_ino], name, new)
            else:
                self._one(name, status, old, new)
                if status.st_nlink > 1:
                    self._first[status.st_ino] = (place, name)
        return directories

    def _link(self, first: _Place, name: bytes, new: int) -> None:
        """One more name for a file that is copied already."""
        folder = self._reopen(first[0])
        os.link(first[1], name, src_dir_fd=folder, dst_dir_fd=new, follow_symlinks=False)

    def _reopen(self, place: tuple[bytes, ...]) -> int:
        """A directory of the copy, open until another is: the next link mostly leads there, too."""
        if self._reopened is None or self._reopened[0] != place:
            folder = os.open(self._target, _DIRECTORY)
            for part in place:
                folder, above = os.open(part, _DIRECTORY, dir_fd=folder), folder
                os.close(above)
            self._close_reopened()
            self._reopened = place, folder
        return self._reopened[1]

    def _close_reopened(self) -> None:
        if self._reopened is not None:
            os.close(self._reopened[1])
            self._reopened = None

    def _one(self, name: bytes, status: os.stat_result, old: int, new: int) -> None:
        if stat.S_ISREG(status.st_mode):
            self._file(name, old, new)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(name, dir_fd=old), name, dir_fd=new)
            _set_attributes(name, status, new)
        elif not stat.S_ISSOCK(status.st_mode):  # a socket is nothing without its process
            os.mknod(name, status.st_mode, status.st_rdev, dir_fd=new)
            _set_attributes(name, status, new)

    def _file(self, name: bytes, old: int, new: int) -> None:
        if self._hard_links:
            try:
                os.link(name, name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (EMLINK, EPERM):  # too many names, or not for this user
                    raise
            else:
                return
        source = _open(name, _READ, old)
        try:
            target = os.open(name, _NEW, 0o600, dir_fd=new)
            try:
                self._data(source, target)
                _dress_open(source, target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _data(self, source: int, target: int) -> None:
        if self._reflinks:
            try:
                fcntl.ioctl(target, _FICLONE, source)
            except OSError as error:
                if error.errno not in (ENOTSUP, EXDEV, EINVAL, ENOTTY):
                    raise
                self._reflinks = False
            else:
                return
        copy_data(source, target)


def copy_data(source: int, target: int) -> None:
    """Copy an open file's bytes, within the kernel where it can, and leave its holes holes."""
    size = os.fstat(source).st_size
    end = 0
    while end < size:
        try:
            start = os.lseek(source, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == ENXIO:  # nothing but a hole is left
                break
            raise
        end = os.lseek(source, start, os.SEEK_HOLE)
        while start < end:
            copied = _copy_range(source, target, start, end - start)
            if not copied:
                break
            start += copied
    os.ftruncate(target, size)


def _copy_range(source: int, target: int, start: int, count: int) -> int:
    """Copy bytes between the same places of two files; how many were copied."""
    try:
        return os.copy_file_range(source, target, count, start, start)
    except OSError as error:
        if error.errno not in (EXDEV, EINVAL, ENOTSUP):  # from one file system to another
            raise
    return os.pwrite(target, os.pread(source, min(count, _PIECE), start), start)


def _dress_open(old: int, new: int) -> None:
    """Give an open file or directory what the other has."""
    status = os.fstat(old)
    _give(new, status)
    for key in os.listxattr(old):
        with suppress(PermissionError):  # some are the kernel's own (security.selinux)
            os.setxattr(new, key, os.getxattr(old, key))
    os.fchmod(new, stat.S_IMODE(status.st_mode))
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))


def _give(new: int, status: os.stat_result) -> None:
    now = os.fstat(new)
    if (now.st_uid, now.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(new, status.st_uid, status.st_gid)


def _set_attributes(name: bytes, status: os.stat_result, new: int) -> None:
    now = os.stat(name, dir_fd=new, follow_symlinks=False)
    if (now.st_uid, now.st_gid) != (status.st_uid, status.st_gid):
        os.chown(name, status.st_uid, status.st_gid, dir_fd=new, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=new)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=new, follow_symlinks=False)


def _list(handle: int) -> list[tuple[bytes, os.stat_result]]:
    with os.scandir(handle) as found:
        return [(os.fsencode(item.name), item.stat(follow_symlinks=False)) for item in found]


def _open_both(name: bytes, old: int, new: int) -> tuple[int, int]:
    source = _open(name, _DIRECTORY, old)
    return source, os.open(name, _DIRECTORY, dir_fd=new)


def _open(name: bytes, flags: int, parent: int) -> int:
    """Open to read; an ordinary user's container may have forbidden it to its owner."""
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
        os.chmod(name, stat.S_IMODE(mode) | 0o700, dir_fd=parent)
        try:
            return os.open(name, flags, dir_fd=parent)
        finally:
            os.chmod(name, stat.S_IMODE(mode), dir_fd=parent)


def _close(both: tuple[int, int]) -> None:
    for handle in both:
        os.close(handle)
