"""The rows that a snapshotter keeps: names, kinds and parents.

All methods are called within one transaction of the database, so that a row and the directory that
belongs to it appear and disappear in an order that a crash cannot spoil.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator

import msgspec

from dockerlab.engine.errors import Conflict, DiskFull, InvalidParameter, NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.snapshots.snapshotter import Info, Kind, Usage

_SELECT = """
    SELECT s.id, s.name, s.kind, s.parent, s.size, s.inodes, p.name AS parent_name
    FROM snapshots AS s LEFT JOIN snapshots AS p ON p.id = s.parent
"""


class Record(msgspec.Struct, frozen=True):
    """One snapshot's row; ``id`` names its directory."""

    id: int
    info: Info
    usage: Usage


class Records:
    """The table ``snapshots``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, *, parent: str | None) -> Record:
        """A new active snapshot's row; raises as ``Snapshotter.prepare``."""
        with self._database.transaction() as connection:
            below = None if parent is None else self._parent(parent)
            try:
                cursor = connection.execute(
                    "INSERT INTO snapshots (name, kind, parent) VALUES (?, 'active', ?)",
                    (name, below),
                )
            except sqlite3.IntegrityError as error:
                raise Conflict(f"snapshot {name} already exists") from error
            return self._by_id(cursor.lastrowid or 0)

    def _parent(self, name: str) -> int:
        record = self.find(name)
        if record.info.kind is not Kind.COMMITTED:
            raise InvalidParameter(f"snapshot {name} is not committed: nothing can build on it yet")
        return record.id

    def find(self, name: str) -> Record:
        """The snapshot of that name; raises NotFound."""
        row = self._database.row(_SELECT + "WHERE s.name = ?", name)
        if row is None:
            raise NotFound(f"no such snapshot: {name}")
        return _record(row)

    def active(self, name: str) -> Record:
        """The active snapshot of that name; raises NotFound, also where it is committed."""
        record = self.find(name)
        if record.info.kind is not Kind.ACTIVE:
            raise NotFound(f"no such active snapshot: {name}")
        return record

    def _by_id(self, snapshot_id: int) -> Record:
        row = self._database.row(_SELECT + "WHERE s.id = ?", snapshot_id)
        assert row is not None
        return _record(row)

    def commit(self, name: str, record: Record, usage: Usage) -> None:
        """Make an active snapshot a committed one called ``name``; raises Conflict."""
        with self._database.transaction() as connection:
            try:
                connection.execute(
                    "UPDATE snapshots SET name = ?, kind = 'committed', size = ?, inodes = ?"
                    " WHERE id = ?",
                    (name, usage.size, usage.inodes, record.id),
                )
            except sqlite3.IntegrityError as error:
                raise Conflict(f"snapshot {name} already exists") from error

    def remove(self, name: str, *, files: Callable[[Record], None]) -> None:
        """Remove the row, then with ``files`` what belongs to it; raises as ``Snapshotter.remove``.

        The row goes first, since a directory without one is swept. Only a full disk, which has no
        room for the change, is made room on first.
        """
        try:
            record = self._remove(name)
        except DiskFull:
            files(self.find(name))
            self._remove(name)
        else:
            files(record)

    def _remove(self, name: str) -> Record:
        with self._database.transaction() as connection:
            record = self.find(name)
            child = self._database.row("SELECT name FROM snapshots WHERE parent = ?", record.id)
            if child is not None:
                raise Conflict(f"snapshot {name} is in use: {child['name']} builds on it")
            connection.execute("DELETE FROM snapshots WHERE id = ?", (record.id,))
            return record

    def ancestors(self, record: Record) -> list[int]:
        """The IDs of all below ``record``, the nearest first."""
        rows = self._database.rows(
            """WITH RECURSIVE below (id, parent, depth) AS (
                   SELECT id, parent, 0 FROM snapshots WHERE id = ?
                   UNION ALL
                   SELECT s.id, s.parent, depth + 1
                   FROM snapshots AS s JOIN below ON s.id = below.parent
               ) SELECT id FROM below WHERE depth > 0 ORDER BY depth""",
            record.id,
        )
        return [row["id"] for row in rows]

    def walk(self) -> Iterator[Record]:
        """Every snapshot, parents before their children (a child is always the younger)."""
        yield from map(_record, self._database.rows(_SELECT + "ORDER BY s.id"))

    def unnamed(self, keep: Collection[str]) -> list[Record]:
        """The snapshots that are neither in ``keep`` nor below one that is; children first."""
        needed: set[str] = set(keep)
        unneeded = []
        for record in reversed(list(self.walk())):
            if record.info.name not in needed:
                unneeded.append(record)
            elif record.info.parent is not None:
                needed.add(record.info.parent)
        return unneeded


def _record(row: sqlite3.Row) -> Record:
    return Record(
        id=row["id"],
        info=Info(name=row["name"], kind=Kind(row["kind"]), parent=row["parent_name"]),
        usage=Usage(size=row["size"], inodes=row["inodes"]),
    )
