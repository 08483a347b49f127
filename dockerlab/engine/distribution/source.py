"""Where images come from: a registry, its mirror, or a pack."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import msgspec

from dockerlab.engine.oci import Descriptor


class RawManifest(msgspec.Struct, frozen=True):
    """A manifest or an index: its descriptor, and its bytes, which have been verified."""

    descriptor: Descriptor
    data: bytes


class Source(Protocol):
    """One place that may have the wanted image."""

    @property
    def name(self) -> str:
        """For people: the URL of a registry, the directory of a pack."""
        ...

    @property
    def canonical(self) -> bool:
        """Whether its digests are those of the registry in the image's name."""
        ...

    @property
    def mirror(self) -> bool:
        """Whether it stands in for the registry in the image's name."""
        ...

    async def manifest(self, wanted: str) -> RawManifest:
        """The manifest or index with the tag or digest ``wanted``.

        Raises:
            Refused: it answers, and the answer is no.
            Unreachable: it does not answer.
            DataLoss: what it gives is not what it says.

        """
        ...

    def file(self, descriptor: Descriptor) -> Path | None:
        """The blob as a file of this machine that will stay as it is, if it is one."""
        ...

    def blob(self, descriptor: Descriptor, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from ``offset`` on, not yet verified.

        Raises, while iterated, as ``manifest`` does, and:
            Dropped: the bytes ended early or stalled; ask again for the rest.

        """
        ...
