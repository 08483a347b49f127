"""Rows of the tables ``volumes`` and ``volume_uses``: which volumes there are, and for whom."""

import sqlite3
from collections.abc import Iterable, Mapping

import msgspec

from dockerlab.engine.metadata.database import Database


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """One volume; ``created`` in Unix nanoseconds, ``labels`` None where none were given."""

    name: str
    created: int
    labels: Mapping[str, str] | None = None


class VolumeStore:
    """Reads and writes the volumes' tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, volume: Volume) -> None:
        """Add a volume; raises sqlite3.IntegrityError when the name is taken."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO volumes (name, created, labels) VALUES (?, ?, ?)",
                (volume.name, volume.created, msgspec.json.encode(volume.labels).decode()),
            )

    def delete(self, name: str) -> None:
        """Remove a volume; raises sqlite3.IntegrityError while a container uses it."""
        self._database.insist(lambda: self._delete(name))

    def _delete(self, name: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM volumes WHERE name = ?", (name,))

    def use(self, container_id: str, names: Iterable[str]) -> None:
        """Enter that a container has these volumes, until its row goes.

        Raises:
            sqlite3.IntegrityError: one of them is not there.

        """
        with self._database.transaction(durable=False) as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO volume_uses (volume, container_id) VALUES (?, ?)",
                [(name, container_id) for name in names],
            )

    def get(self, name: str) -> Volume | None:
        """The volume of this name."""
        row = self._database.row("SELECT * FROM volumes WHERE name = ?", name)
        return _volume(row) if row else None

    def all(self) -> tuple[Volume, ...]:
        """Every volume, by name."""
        rows = self._database.rows("SELECT * FROM volumes ORDER BY name")
        return tuple(_volume(row) for row in rows)

    def users(self, name: str) -> tuple[str, ...]:
        """The IDs of the containers that have a volume."""
        rows = self._database.rows("SELECT container_id FROM volume_uses WHERE volume = ?", name)
        return tuple(row["container_id"] for row in rows)

    def of(self, container_id: str) -> tuple[str, ...]:
        """The names of the volumes that a container has."""
        sql = "SELECT volume FROM volume_uses WHERE container_id = ? ORDER BY volume"
        return tuple(row["volume"] for row in self._database.rows(sql, container_id))


def _volume(row: sqlite3.Row) -> Volume:
    labels = msgspec.json.decode(row["labels"], type=dict[str, str] | None)
    return Volume(name=row["name"], created=row["created"], labels=labels)
