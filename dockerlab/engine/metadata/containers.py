"""Rows of the table ``containers``: who is there, made from which image, in which state.

What was asked for (``spec``) and what became of it (``state``) are JSON documents, whose types
belong to ``dockerlab.engine.containers.model``; this layer only keeps them.

A container's changes are written without waiting for the disk (``durable=False``). They survive
the end of the engine at any instant, kill -9 included, since SQLite's log is then in the kernel's
hands. Only a loss of power can undo the last of them, and that ends every container anyway: the
next start finds a container a few seconds younger, never a broken one. Waiting would cost more
than starting the process does, several times in the life of each container. What images need is
in other transactions, which do wait, and which take all earlier ones to the disk with them.
"""

import msgspec

from dockerlab.engine.errors import NotFound
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import ImageID


class ContainerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One container as it is stored; ``created`` in Unix nanoseconds."""

    container_id: str
    name: str
    image_id: ImageID
    created: int
    spec: str
    state: str

    @property
    def status(self) -> str:
        """``created``, ``running``, ``paused``, ``exited`` …, as in the state's document."""
        return msgspec.json.decode(self.state.encode(), type=_Status).status


class _Status(msgspec.Struct):
    status: str


class ContainerStore:
    """Reads and writes the table ``containers``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, row: ContainerRow) -> None:
        """Add a row.

        Raises:
            sqlite3.IntegrityError: the ID or the name is taken, or the image is not there.

        """
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "INSERT INTO containers (container_id, name, image_id, created, spec, state)"
                " VALUES (:container_id, :name, :image_id, :created, :spec, :state)",
                msgspec.structs.asdict(row),
            )

    def save_state(self, container_id: str, state: str) -> None:
        """Replace the state's document."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "UPDATE containers SET state = ? WHERE container_id = ?", (state, container_id)
            )

    def save_spec(self, container_id: str, spec: str) -> None:
        """Replace the document of what was asked for (``docker update``)."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "UPDATE containers SET spec = ? WHERE container_id = ?", (spec, container_id)
            )

    def rename(self, container_id: str, name: str) -> None:
        """Give another name; raises sqlite3.IntegrityError when it is taken."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "UPDATE containers SET name = ? WHERE container_id = ?", (name, container_id)
            )

    def delete(self, container_id: str) -> None:
        """Remove the row, if it is there."""
        with self._database.transaction(durable=False) as connection:
            connection.execute("DELETE FROM containers WHERE container_id = ?", (container_id,))

    def get(self, container_id: str) -> ContainerRow:
        """The row of a full ID; raises NotFound."""
        found = self._select("container_id = ?", container_id)
        if not found:
            raise NotFound(f"No such container: {container_id}")
        return found[0]

    def by_name(self, name: str) -> ContainerRow | None:
        """The row with this name, given without a leading slash."""
        found = self._select("name = ?", name)
        return found[0] if found else None

    def by_prefix(self, prefix: str) -> tuple[ContainerRow, ...]:
        """At most two rows whose IDs begin with ``prefix``: enough to see that it is ambiguous."""
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return self._select("container_id >= ? AND container_id < ? LIMIT 2", prefix, after)

    def all(self) -> tuple[ContainerRow, ...]:
        """Every container, newest first."""
        return self._select("TRUE ORDER BY created DESC")

    def _select(self, where: str, *parameters: object) -> tuple[ContainerRow, ...]:
        # `where` is one of the constants above.
        rows = self._database.rows(f"SELECT * FROM containers WHERE {where}", *parameters)
        return tuple(msgspec.convert(dict(row), ContainerRow) for row in rows)
