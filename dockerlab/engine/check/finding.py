"""What a check can find."""

import enum

import msgspec


class Kind(enum.StrEnum):
    """What is wrong. The text for people has the same key, under ``[check]``."""

    DATABASE = "database"
    """SQLite says that its file is damaged, or a row refers to one that is not there."""
    BLOB_MISSING = "blob_missing"
    """An image or a layer needs a blob that is not in the content store."""
    BLOB_DAMAGED = "blob_damaged"
    """A blob's bytes are not what its digest says."""
    LAYER_DAMAGED = "layer_damaged"
    """A layer's blob does not unpack to the tar that its diff ID names."""
    IMAGE_INCONSISTENT = "image_inconsistent"
    """An image's row, manifest, config and layers do not tell the same."""
    SNAPSHOT_MISSING = "snapshot_missing"
    """A layer or a container has no snapshot, or its files are gone."""
    SNAPSHOT_CHANGED = "snapshot_changed"
    """The files of a layer are other ones than were unpacked."""
    VOLUME_MISSING = "volume_missing"
    """A volume's directory is gone."""
    OPEN_TO_OTHERS = "open_to_others"
    """Other users of the machine may look into what is private."""
    UNREFERENCED = "unreferenced"
    """Nobody needs it: something was interrupted."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    ``subject`` is a digest, a chain ID, a container's ID, a volume's name or a path below the
    engine's directory; ``detail`` says more, for those who know the engine.
    """

    kind: Kind
    subject: str
    detail: str = ""

    @property
    def swept(self) -> bool:
        """Whether the next start of the engine puts it right by itself."""
        return self.kind is Kind.UNREFERENCED


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, by kind (``images``, ``blobs`` …), and all that was found."""

    root: str
    running: bool
    """Whether an engine was at work: then what is under way is not taken for garbage."""
    checked: dict[str, int]
    findings: tuple[Finding, ...]
