"""The SQLite database that holds the engine's metadata."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import TypeVar

from dockerlab.engine.errors import DataLoss, DiskFull, SystemFailure

T = TypeVar("T")

SCHEMA_VERSION = 3
_UPGRADES = {
    1: "CREATE TABLE built_images (image_id TEXT PRIMARY KEY REFERENCES images (image_id)) STRICT",
    2: """
        CREATE TABLE volumes (
            name TEXT PRIMARY KEY, created INTEGER NOT NULL, labels TEXT NOT NULL
        ) STRICT;
        CREATE TABLE volume_uses (
            volume TEXT NOT NULL REFERENCES volumes (name),
            container_id TEXT NOT NULL REFERENCES containers (container_id) ON DELETE CASCADE,
            PRIMARY KEY (volume, container_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX volume_uses_by_container ON volume_uses (container_id)
    """,
}
"""What makes the next version of a database, by its version."""


_UNWRITABLE = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


class Database:
    """One connection, shared by the engine's threads: one transaction at a time.

    WAL with ``synchronous=FULL``: a transaction that has returned survives a loss of power, unless
    it was begun with ``durable=False``.
    """

    def __init__(self, path: Path, *, reserve: int = 0) -> None:
        """Open the database at ``path``, making it if it is not there.

        ``reserve`` bytes are kept beside it for when the disk is full (see ``insist``).

        Raises:
            DataLoss: the file is no database, or of a version this engine does not know.
            SystemFailure: it cannot be opened, or cannot be written.

        """
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise self._explained(error) from error
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._here = threading.local()
        self._reserve = Path(f"{path}-reserve"), reserve
        self._reserved = False
        self._refill()
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            raise self._explained(error) from error
        except sqlite3.DatabaseError as error:
            raise DataLoss(f"{path} is not a database of this engine: {error}") from error

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            schema = resources.files(__package__).joinpath("schema.sql").read_text()
            script = f"BEGIN; {schema}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            self._connection.executescript(script)
        elif version in _UPGRADES:
            upgrades = ";".join(_UPGRADES[old] for old in range(version, SCHEMA_VERSION))
            script = f"BEGIN; {upgrades}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            self._connection.executescript(script)
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"schema version {version}, not {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """All changes of the block, or none of them. Blocks may nest; the outermost commits.

        Another thread waits until it has ended: keep blocks short, without file work in them.

        ``durable=False`` does not wait for the disk: what is committed so survives the end of this
        process at any instant, but a loss of power may take back the last such transactions. The
        next durable one takes all before it to the disk as well.

        Raises:
            DiskFull: no space is left; nothing of the block is kept.
            SystemFailure: SQLite failed otherwise.

        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            durable = durable and not getattr(self._here, "relaxed", False)
            with self._outermost("FULL" if durable else "NORMAL"):
                yield self._connection

    @contextmanager
    def relaxed(self) -> Iterator[None]:
        """In the block no transaction of this thread is durable (see ``transaction``)."""
        before = getattr(self._here, "relaxed", False)
        self._here.relaxed = True
        try:
            yield
        finally:
            self._here.relaxed = before

    @contextmanager
    def _outermost(self, level: str) -> Iterator[None]:
        try:
            self._connection.execute(f"PRAGMA synchronous = {level}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            self._refill()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                self._make_room()
                raise DiskFull("no space left on device: the metadata was not changed") from error
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.OperationalError) -> SystemFailure:
        if error.sqlite_errorcode & 0xFF in _UNWRITABLE:  # the other bits say more (sqlite3.h)
            return SystemFailure(
                f"{self._path} cannot be written ({error}): its disk is read-only or failing"
            )
        return SystemFailure(f"metadata: {error}")

    def insist(self, work: Callable[[], T]) -> T:
        """Do ``work``, which is one transaction, a second time where the disk was full at first.

        For what must be kept even then (that a container has ended) and for what frees space.

        Raises:
            DiskFull: there was no room the second time, either.

        """
        try:
            return work()
        except DiskFull:
            return work()

    def _make_room(self) -> None:
        """Give up the reserve, and let SQLite write its log anew from its beginning."""
        with suppress(OSError):
            self._reserve[0].unlink(missing_ok=True)
            self._reserved = False
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def _refill(self) -> None:
        path, size = self._reserve
        if self._reserved or not size:
            return
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, size)
                self._reserved = True
            finally:
                os.close(file)
        except OSError:
            path.unlink(missing_ok=True)  # what there is of room, others may need

    def rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """The rows that a SELECT finds."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: object) -> sqlite3.Row | None:
        """The first row that a SELECT finds, or None."""
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def close(self) -> None:
        """Close the connection, once no other thread is using it: SQLite would not survive that."""
        with self._lock:
            self._connection.close()
