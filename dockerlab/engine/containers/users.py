"""Who runs in the container: ``--user`` against the image's own passwd and group.

As in Docker: ``name``, ``uid``, ``name:group``, ``uid:gid``. Numbers need no entry; names do.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from dockerlab.engine.containers import rootfs
from dockerlab.engine.errors import InvalidParameter, SystemFailure

_LARGEST = 2**31 - 1
_DIGITS = 10


class User(msgspec.Struct, frozen=True):
    """The identity of a container's process, inside the container."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


class _Account(msgspec.Struct, frozen=True):
    name: str
    uid: int
    gid: int
    home: str


class _Group(msgspec.Struct, frozen=True):
    name: str
    gid: int
    members: tuple[str, ...]


def find(root: Path, user: str, *, extra_groups: Sequence[str] = ()) -> User:
    """The identity that ``user`` means in the root file system ``root``.

    Raises:
        SystemFailure: a name is not there (Docker answers 500 to this).
        InvalidParameter: a number is out of range.

    """
    wanted, _, wanted_group = user.partition(":")
    account = _account(root, wanted or "0")
    groups = list(_groups(root))
    if wanted_group:
        gid, others = _group_id(groups, wanted_group), [_group_id(groups, wanted_group)]
    else:
        gid = account.gid
        others = [gid, *(group.gid for group in groups if account.name in group.members)]
    others += [_group_id(groups, name) for name in extra_groups]
    return User(uid=account.uid, gid=gid, groups=tuple(others), home=account.home or "/")


def _account(root: Path, wanted: str) -> _Account:
    number = _number(wanted)
    for account in _accounts(root):
        if account.name == wanted or account.uid == number:
            return account
    if number is None:
        raise SystemFailure(f"unable to find user {wanted}: no matching entries in passwd file")
    return _Account(name="", uid=number, gid=0, home="/root" if number == 0 else "/")


def _group_id(groups: Sequence[_Group], wanted: str) -> int:
    number = _number(wanted)
    for group in groups:
        if group.name == wanted or group.gid == number:
            return group.gid
    if number is None:
        raise SystemFailure(f"unable to find group {wanted}: no matching entries in group file")
    return number


def _number(text: str) -> int | None:
    if not text.isascii() or not text.isdecimal():
        return None
    if len(text) > _DIGITS or int(text) > _LARGEST:
        raise InvalidParameter(f"uids and gids must be in range 0-{_LARGEST}")
    return int(text)


def _is_id(text: str) -> bool:
    """Whether an image's file has a number there; Python refuses to read some thousand digits."""
    return text.isdecimal() and len(text) <= _DIGITS


def _accounts(root: Path) -> Iterator[_Account]:
    for fields in _entries(root, "/etc/passwd"):
        if len(fields) >= 4 and _is_id(fields[2]) and _is_id(fields[3]):
            home = fields[5] if len(fields) > 5 else ""
            yield _Account(name=fields[0], uid=int(fields[2]), gid=int(fields[3]), home=home)


def _groups(root: Path) -> Iterator[_Group]:
    for fields in _entries(root, "/etc/group"):
        if len(fields) >= 3 and _is_id(fields[2]):
            members = tuple(filter(None, fields[3].split(","))) if len(fields) > 3 else ()
            yield _Group(name=fields[0], gid=int(fields[2]), members=members)


def _entries(root: Path, path: str) -> Iterator[list[str]]:
    for line in rootfs.read(root, path).splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip().split(":")
