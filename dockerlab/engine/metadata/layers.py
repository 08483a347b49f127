"""Rows of the table ``layers``: which layers are unpacked, and what they build on."""

from collections.abc import Iterable

import msgspec

from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import ChainID, DiffID, Digest

_COLUMNS = "chain_id, diff_id, parent, blob, tar_size, size"


class Layer(msgspec.Struct, frozen=True):
    """A layer that is unpacked, on all below it.

    ``blob`` is the compressed or plain tar in the content store, ``tar_size`` its bytes
    uncompressed, ``size`` the bytes of its files as Docker counts them.
    """

    chain_id: ChainID
    diff_id: DiffID
    parent: ChainID | None
    blob: Digest
    tar_size: int
    size: int


class LayerRecords:
    """The unpacked layers that the database knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, chain_id: ChainID) -> Layer | None:
        """The layer with this chain ID, if it is there."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM layers WHERE chain_id = ?", chain_id)
        return Layer(*row) if row else None

    def all(self) -> tuple[Layer, ...]:
        """Every layer, in no order."""
        return tuple(Layer(*row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM layers"))

    def chain(self, top: ChainID | None) -> tuple[Layer, ...]:
        """The layer ``top`` and all below it, base first."""
        rows = self._database.rows(
            f"""
            WITH RECURSIVE below (depth, {_COLUMNS}) AS (
                SELECT 0, {_COLUMNS} FROM layers WHERE chain_id = ?
                UNION ALL
                SELECT depth + 1, l.chain_id, l.diff_id, l.parent, l.blob, l.tar_size, l.size
                FROM below JOIN layers l ON l.chain_id = below.parent
            )
            SELECT {_COLUMNS} FROM below ORDER BY depth DESC
            """,
            top,
        )
        return tuple(Layer(*row) for row in rows)

    def add(self, layers: Iterable[Layer]) -> None:
        """Add layers, parents first; of those that are there already the blob is replaced."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"INSERT INTO layers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET blob = excluded.blob WHERE blob != excluded.blob",
                [(i.chain_id, i.diff_id, i.parent, i.blob, i.tar_size, i.size) for i in layers],
            )

    def prune(self, top: ChainID | None, *, keep: frozenset[ChainID]) -> tuple[Layer, ...]:
        """Remove ``top``, then what is below it, until a layer is still needed.

        A layer is needed while an image or another layer builds on it, or it is in ``keep``.
        Returns what was removed, topmost first.
        """
        removed: list[Layer] = []
        with self._database.transaction() as connection:
            while top is not None and top not in keep and not self._needed(top):
                layer = self.find(top)
                if layer is None:
                    break
                connection.execute("DELETE FROM layers WHERE chain_id = ?", (top,))
                removed.append(layer)
                top = layer.parent
        return tuple(removed)

    def unused(self, chain_id: ChainID) -> bool:
        """Whether the layer is there, and neither an image nor another layer builds on it."""
        return self.find(chain_id) is not None and not self._needed(chain_id)

    def tops(self) -> tuple[ChainID, ...]:
        """Layers that neither an image nor another layer builds on."""
        rows = self._database.rows(
            """
            SELECT chain_id FROM layers l
            WHERE NOT EXISTS (SELECT 1 FROM images i WHERE i.chain_id = l.chain_id)
              AND NOT EXISTS (SELECT 1 FROM layers c WHERE c.parent = l.chain_id)
            """
        )
        return tuple(ChainID(row["chain_id"]) for row in rows)

    def _needed(self, chain_id: ChainID) -> bool:
        row = self._database.row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM images WHERE chain_id = ?1)
                        OR EXISTS (SELECT 1 FROM layers WHERE parent = ?1)
            """,
            chain_id,
        )
        return row is not None
