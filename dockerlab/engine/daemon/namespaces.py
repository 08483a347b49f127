"""The namespaces in which the engine may mount: what ``unshare`` does, done by the process itself.

As root a mount namespace is enough: what is mounted there vanishes with the engine, even after
kill -9. An ordinary user needs a user namespace as well, in which they are root
(user_namespaces(7)); where ``newuidmap`` and /etc/subuid allow, with more ids than the one.
"""

import ctypes
import errno
import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dockerlab.engine.errors import SystemFailure

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_REC = 0x4000
MS_SLAVE = 0x80000

_libc = ctypes.CDLL(None, use_errno=True)


class NamespacesRefused(SystemFailure):
    """The kernel, or who set it up, does not let this user make namespaces."""


class IdRange(msgspec.Struct, frozen=True):
    """Subordinate ids of a user (subuid(5))."""

    start: int
    count: int


def enter() -> None:
    """Move this process, which must have one thread only, into namespaces of its own.

    Raises:
        NamespacesRefused: it was not allowed; the message says by what, and what to do.

    """
    if os.geteuid() == 0:
        _unshare(CLONE_NEWNS)
    else:
        with _mapper(os.getuid(), os.getgid()):
            _unshare(CLONE_NEWUSER | CLONE_NEWNS)
    # Mounts of the machine still arrive here, ours never leave.
    if _libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None) != 0:
        raise NamespacesRefused(_reason(ctypes.get_errno()))


def _unshare(flags: int) -> None:
    if _libc.unshare(flags) != 0:
        raise NamespacesRefused(_reason(ctypes.get_errno()))


@contextmanager
def _mapper(uid: int, gid: int) -> Iterator[None]:
    """Map this user to root once the block has made the user namespace."""
    uids, gids = subordinate("/etc/subuid", uid), subordinate("/etc/subgid", uid)
    if uids and gids and shutil.which("newuidmap") and shutil.which("newgidmap"):
        with _from_outside(uid, gid, uids, gids):
            yield
    else:
        yield
        _write("setgroups", "deny")  # or an unprivileged gid_map is refused (user_namespaces(7))
        _write("uid_map", f"0 {uid} 1")
        _write("gid_map", f"0 {gid} 1")


@contextmanager
def _from_outside(uid: int, gid: int, uids: IdRange, gids: IdRange) -> Iterator[None]:
    """A child that stays outside calls newuidmap and newgidmap for us, after the block."""
    target = str(os.getpid())
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        wanted = os.read(ready, 1) == b"1"
        mapped = wanted and (
            _map("newuidmap", target, uid, uids) and _map("newgidmap", target, gid, gids)
        )
        os._exit(0 if mapped else 1)
    os.close(ready)
    made = b"0"
    try:
        yield
        made = b"1"
    finally:
        os.write(go, made)
        os.close(go)
        _, status = os.waitpid(child, 0)  # 1 also where the block has failed by itself
    if status != 0:
        raise NamespacesRefused("newuidmap refused the ranges in /etc/subuid and /etc/subgid")


def _map(program: str, target: str, own: int, more: IdRange) -> bool:
    mapping = ["0", str(own), "1", "1", str(more.start), str(more.count)]
    return subprocess.run([program, target, *mapping], check=False).returncode == 0


def _write(name: str, text: str) -> None:
    try:
        Path("/proc/self", name).write_text(text)
    except OSError as error:
        raise NamespacesRefused(_reason(error.errno or 0)) from error


def subordinate(path: str, uid: int) -> IdRange | None:
    """The first range of ``uid`` in a file like /etc/subuid (subuid(5)), or None."""
    names = {str(uid), _user_name()}
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        owner, _, rest = line.partition(":")
        start, _, count = rest.partition(":")
        if owner in names and start.isdigit() and count.isdigit():
            return IdRange(int(start), int(count))
    return None


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _reason(code: int) -> str:
    """Who refused, and what a person can do about it."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor keeps ordinary users of this machine from making namespaces (Ubuntu does "
            "so since 23.10). To allow it until the next start of the machine: "
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return (
            "this machine keeps ordinary users from making namespaces. To allow it: "
            "sudo sysctl -w kernel.unprivileged_userns_clone=1"
        )
    if _setting("user/max_user_namespaces") == "0" or code == errno.ENOSPC:
        return (
            "this machine allows no (further) user namespaces. To allow them: "
            "sudo sysctl -w user.max_user_namespaces=15000"
        )
    if code == errno.EPERM:
        return "this machine, or the container that this runs in, allows no namespaces"
    return f"no namespaces can be made: {os.strerror(code)}"
