"""Rows of the tables ``images`` and ``image_names``."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import ChainID, Digest, ImageID

NEVER = 0
"""``Image.tagged`` of an image that was never tagged by hand."""

_COLUMNS = "image_id, manifest, chain_id, parent, size, created, tagged"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Image(msgspec.Struct, frozen=True):
    """An image that is whole: its blobs are stored and its layers unpacked.

    ``parent`` is the image that a build or commit started from (or empty), ``size`` the bytes of
    all its layers, ``created`` and ``tagged`` are Unix nanoseconds. ``names`` are canonical
    references, tags and digests, sorted.
    """

    image_id: ImageID
    manifest: Digest
    chain_id: ChainID | None
    parent: ImageID | None
    size: int
    created: int
    tagged: int = NEVER
    names: tuple[str, ...] = ()


class ContainerUse(msgspec.Struct, frozen=True):
    """A container that was made from an image."""

    container_id: str
    running: bool


class ImageRecords:
    """The images that the database knows. Each change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, image_id: ImageID) -> Image | None:
        """The image with this ID, if it is there."""
        found = self._images("WHERE image_id = ?", image_id)
        return found[0] if found else None

    def named(self, name: str) -> Image | None:
        """The image that carries this canonical name, if any does."""
        found = self._images(
            "WHERE image_id = (SELECT image_id FROM image_names WHERE name = ?)", name
        )
        return found[0] if found else None

    def starting(self, prefix: str) -> tuple[Image, ...]:
        """The images whose ID's hexadecimal digits start with ``prefix``."""
        low = f"sha256:{prefix}"
        return self._images("WHERE image_id >= ? AND image_id < ?", low, low + "g")

    def in_repository(self, name: str) -> tuple[tuple[str, Image], ...]:
        """Every name in a repository (``docker.io/library/centos``) with its image, sorted."""
        rows = self._database.rows(
            """
            SELECT name, image_id FROM image_names
            WHERE (name >= ?1 || ':' AND name < ?1 || ';')
               OR (name >= ?1 || '@' AND name < ?1 || 'A')
            ORDER BY name
            """,
            name,
        )
        found = ((row["name"], self.find(ImageID(row["image_id"]))) for row in rows)
        return tuple((text, image) for text, image in found if image is not None)

    def all(self) -> tuple[Image, ...]:
        """Every image, newest first."""
        return self._images("ORDER BY created DESC, image_id")

    def children(self, image_id: ImageID) -> tuple[ImageID, ...]:
        """The images that were built from this one."""
        rows = self._database.rows("SELECT image_id FROM images WHERE parent = ?", image_id)
        return tuple(ImageID(row["image_id"]) for row in rows)

    def parents(self) -> frozenset[ImageID]:
        """The images that some other was built from."""
        rows = self._database.rows("SELECT DISTINCT parent FROM images WHERE parent != ''")
        return frozenset(ImageID(row["parent"]) for row in rows)

    def add(self, image: Image) -> None:
        """Add an image with its names; one that is there already only gets the names."""
        created = min(max(image.created, _SMALLEST), _LARGEST)
        with self._database.transaction() as connection:
            connection.execute(
                f"INSERT INTO images ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (
                    image.image_id, image.manifest, image.chain_id, image.parent or "",
                    image.size, created, image.tagged,
                ),
            )  # fmt: skip
            self._give(image.image_id, image.names)

    def give(self, image_id: ImageID, names: Iterable[str], *, tagged: int | None = None) -> None:
        """Give an image canonical names, taking tags from whichever image had them.

        A name with a digest stays where it is: an index has one digest for all platforms.
        ``tagged`` is when a person did so; None leaves the image's own as it is.
        """
        with self._database.transaction() as connection:
            self._give(image_id, names)
            if tagged is not None:
                connection.execute(
                    "UPDATE images SET tagged = ? WHERE image_id = ?", (tagged, image_id)
                )

    def take(self, names: Iterable[str]) -> None:
        """Remove names; those that nobody carries are none the less gone."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM image_names WHERE name = ?", [(name,) for name in names]
            )

    def adopt(self, image_id: ImageID, parent: ImageID) -> None:
        """Say what an image was built from."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE images SET parent = ? WHERE image_id = ?", (parent, image_id)
            )

    def mark_built(self, image_id: ImageID) -> None:
        """Say that this engine made the image."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO built_images (image_id) VALUES (?) ON CONFLICT DO NOTHING", (image_id,)
            )

    def built_on(self, parent: ImageID | None) -> tuple[Image, ...]:
        """The images that this engine made from ``parent``, or from nothing; the newest first."""
        return self._images(
            "WHERE parent = ? AND image_id IN (SELECT image_id FROM built_images) "
            "ORDER BY created DESC, image_id",
            parent or "",
        )

    def remove(self, image_id: ImageID) -> None:
        """Remove an image and all its names."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM built_images WHERE image_id = ?", (image_id,))
            connection.execute("DELETE FROM image_names WHERE image_id = ?", (image_id,))
            connection.execute("DELETE FROM images WHERE image_id = ?", (image_id,))

    def needs(self, blob: Digest) -> bool:
        """Whether an image or a layer needs a blob of the content store."""
        row = self._database.row(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM images WHERE image_id = ?1)
                        OR EXISTS (SELECT 1 FROM images WHERE manifest = ?1)
                        OR EXISTS (SELECT 1 FROM layers WHERE blob = ?1)
            """,
            blob,
        )
        return row is not None

    def users(self, image_id: ImageID) -> tuple[ContainerUse, ...]:
        """The containers made from an image, oldest first."""
        rows = self._database.rows(
            "SELECT container_id, json_extract(state, '$.status') AS status FROM containers "
            "WHERE image_id = ? ORDER BY created",
            image_id,
        )
        running = ("running", "paused", "restarting")
        return tuple(ContainerUse(row["container_id"], row["status"] in running) for row in rows)

    def use_counts(self) -> dict[ImageID, int]:
        """How many containers were made from each image that has any."""
        rows = self._database.rows(
            "SELECT image_id, count(*) AS number FROM containers GROUP BY image_id"
        )
        return {ImageID(row["image_id"]): row["number"] for row in rows}

    def _give(self, image_id: ImageID, names: Iterable[str]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO image_names (name, image_id) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id "
                "WHERE instr(name, '@') = 0",
                [(name, image_id) for name in names],
            )

    def _images(self, condition: str, *parameters: object) -> tuple[Image, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM images {condition}", *parameters)
        names = self._names([row["image_id"] for row in rows])
        return tuple(
            Image(
                image_id=ImageID(row["image_id"]),
                manifest=Digest(row["manifest"]),
                chain_id=row["chain_id"],
                parent=ImageID(row["parent"]) if row["parent"] else None,
                size=row["size"],
                created=row["created"],
                tagged=row["tagged"],
                names=tuple(names[row["image_id"]]),
            )
            for row in rows
        )

    def _names(self, image_ids: list[str]) -> dict[str, list[str]]:
        names: dict[str, list[str]] = defaultdict(list)
        if len(image_ids) == 1:
            rows = self._database.rows(
                "SELECT image_id, name FROM image_names WHERE image_id = ? ORDER BY name",
                image_ids[0],
            )
        else:
            rows = self._database.rows("SELECT image_id, name FROM image_names ORDER BY name")
        for row in rows:
            names[row["image_id"]].append(row["name"])
        return names
