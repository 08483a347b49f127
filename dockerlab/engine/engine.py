"""The composition root: the stores and services are put together here, and nowhere else."""

from pathlib import Path
from typing import Self

import msgspec

from dockerlab.engine.events import EventBus
from dockerlab.engine.metadata.database import Database


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen when an engine is started."""

    root: Path
    """Everything the engine keeps is below this directory."""
    runtime: str = "auto"
    """``auto``, ``oci`` or ``proot``."""
    packs: tuple[Path, ...] = ()
    """OCI layouts that are asked for an image when no registry has it."""
    mirrors: tuple[str, ...] = ()
    """Registries that are asked before Docker Hub, as URLs."""


class Engine:
    """A running engine."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """Use ``open``."""
        self.settings = settings
        self.root = settings.root
        self.database = database
        self.events = EventBus()

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Open what ``settings.root`` holds, new or not, and mend what a crash left half done.

        Raises:
            DataLoss: what is there was not written by an engine of this kind.
            SystemFailure: the machine lacks something without which no engine can run.

        """
        settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = Database(settings.root / "metadata.db")
        return cls(settings, database)

    def busy(self) -> bool:
        """Whether a container runs, so that the engine must not stop by itself."""
        return False

    async def close(self) -> None:
        """Stop the containers and release everything."""
        self.database.close()
