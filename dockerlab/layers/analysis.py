"""What one image consists of, file by file, and what of it is wasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dockerlab.layers.changes import Changes, find_changes
from dockerlab.layers.contents import Contents
from dockerlab.layers.efficiency import Efficiency, measure_efficiency
from dockerlab.layers.entry import Entry
from dockerlab.layers.image import ImageID, Layer, chain_ids, short
from dockerlab.layers.scan import LayerFiles


@dataclass(frozen=True, slots=True)
class AnalyzedLayer:
    """A layer with its files, in the order of its tar, and what they change below it.

    `digest` is that of the layer as it was read, compressed or not; None where nothing names it.
    `member` is where the archive that was read has the layer: engines, and versions of them, name
    it differently in what `docker save` writes.
    """

    layer: Layer
    digest: str | None
    entries: tuple[Entry, ...]
    changes: Changes
    member: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """An image: its names, its layers from the lowest, and how well it uses its bytes.

    `efficiency` follows the definitions of dive, see `dockerlab.layers.efficiency`.
    """

    id: ImageID
    tags: tuple[str, ...]
    layers: tuple[AnalyzedLayer, ...]
    efficiency: Efficiency

    @property
    def name(self) -> str:
        """The first tag, or the short ID of an image that has none."""
        return self.tags[0] if self.tags else short(self.id)

    @property
    def size(self) -> int:
        """The bytes of all layers' files."""
        return sum(each.layer.size or 0 for each in self.layers)

    @property
    def wasted_share(self) -> float:
        """The wasted bytes as a share of all that was put on top of the lowest layer, from 0 up."""
        base = (self.layers[0].layer.size or 0) if self.layers else 0
        above = self.size - base
        return self.efficiency.wasted_bytes / above if above else 0.0


def analyze_contents(contents: Contents, layers: Sequence[LayerFiles]) -> Analysis:
    """Return the analysis of an image from its documents and its layers, from the lowest."""
    chain = chain_ids(part.diff_id for part in contents.parts)
    entries = [layer.entries for layer in layers]
    analyzed = tuple(
        AnalyzedLayer(
            layer=Layer(
                diff_id=part.diff_id,
                chain_id=chain[index],
                parent=chain[index - 1] if index else None,
                size=layers[index].size,
                created_by=part.created_by,
            ),
            digest=part.digest,
            member=part.member,
            entries=entries[index],
            changes=changes,
        )
        for index, (part, changes) in enumerate(
            zip(contents.parts, find_changes(entries), strict=True)
        )
    )
    return Analysis(contents.id, contents.tags, analyzed, measure_efficiency(entries))
