"""What a lesson has made so far, on disk, so that it outlives the kernel."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.connection import read_facts
from dockerlab.notebook.inventory import Inventory
from dockerlab.state import state_folder, write_at_once

if TYPE_CHECKING:
    import docker


@dataclass
class Record:
    """The containers and images that one lesson made on one engine; `nameless` by their ids."""

    path: Path
    containers: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)

    def add(self, found: Inventory) -> None:
        """Note what appeared, and write it down if it is news."""
        known = self._count()
        self.containers |= found.containers
        self.images |= found.images
        self.nameless += sorted(found.nameless.difference(self.nameless))
        if known != self._count():
            self.save()

    def save(self) -> None:
        """Write the record in one step, so that a dying kernel leaves the old or the new."""
        made = {
            "containers": self.containers,
            "images": self.images,
            "nameless": self.nameless,
        }
        write_at_once(self.path, json.dumps(made))

    def forget(self) -> None:
        """Empty the record: everything in it was removed or is the learner's to keep."""
        self.containers, self.images, self.nameless = {}, {}, []
        self.path.unlink(missing_ok=True)

    def _count(self) -> int:
        return len(self.containers) + len(self.images) + len(self.nameless)


def load_record(lesson: str, *, engine: docker.DockerClient, folder: Path | None = None) -> Record:
    """Return the record of `lesson` on this engine, empty if there is none.

    Engines are told apart by their own ID: a name made on one may be the learner's on another.
    """
    identity = "".join(c for c in read_facts(engine).identity if c.isalnum() or c in "-_")
    path = (folder or state_folder()) / "lessons" / f"{lesson}@{identity or 'engine'}.json"
    try:
        stored = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return Record(path)
    return Record(
        path,
        containers=stored["containers"],
        images=stored["images"],
        nameless=stored.get("nameless", []),  # older versions knew none
    )
