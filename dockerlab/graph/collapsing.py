"""Which boxes a picture of many images has: what is alike becomes one, and says how many it is.

Up to `MOST_BOXES` every image and every layer has a box. Above that, in this order:

1. layers that are in exactly the same images, one on top of the other, become one box;
2. images that stand on the same shared layer and have all else for themselves become one box, all
   but the largest few of them;
3. of what is still too much, the smallest such families become one box without layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from dockerlab.layers import ChainID, Image, ImageID, Layer, SharedLayer, Sharing

MOST_BOXES = 40
_KEPT = (2, 1, 0)
"""How many images of a family keep a box of their own: the first number that is few enough."""


@dataclass(frozen=True, slots=True)
class LayerBox:
    """Layers drawn as one, from the lowest; `below` is the highest layer of the box below it."""

    layers: tuple[SharedLayer, ...]
    below: ChainID | None

    @property
    def top(self) -> Layer:
        """The highest of the layers."""
        return self.layers[-1].layer

    @property
    def is_shared(self) -> bool:
        """Whether more than one image uses them."""
        return self.layers[0].is_shared


@dataclass(frozen=True, slots=True)
class ImageBox:
    """Images drawn as one, on the layer `on`; `own` are the layers that none of them shares.

    A box of one image has its own layers as boxes, and none in here.
    """

    images: tuple[Image, ...]
    on: ChainID | None
    own: tuple[SharedLayer, ...] = ()


@dataclass(frozen=True, slots=True)
class Boxes:
    """All boxes of a picture, the lower layers first."""

    layers: tuple[LayerBox, ...]
    images: tuple[ImageBox, ...]

    @property
    def count(self) -> int:
        """How many boxes that are."""
        return len(self.layers) + len(self.images) + sum(1 for each in self.images if each.own)

    @property
    def is_collapsed(self) -> bool:
        """Whether any box stands for several."""
        return any(len(each.layers) > 1 for each in self.layers) or any(
            len(each.images) > 1 for each in self.images
        )


def arrange(
    sharing: Sharing, *, apart: Set[ImageID] = frozenset(), most: int = MOST_BOXES
) -> Boxes:
    """Return the boxes of `sharing`, at most about `most`; images in `apart` keep their own."""
    plain = _plain(sharing)
    if plain.count <= most:
        return plain
    families = _families(sharing, apart)
    for kept in _KEPT:
        found = _gather(sharing, families, apart, kept)
        if found.count <= most:
            return found
    return _gather(sharing, _merge(sharing, families, apart, most), apart, 0)


def _plain(sharing: Sharing) -> Boxes:
    return Boxes(
        layers=tuple(LayerBox((each,), each.layer.parent) for each in sharing.layers),
        images=tuple(ImageBox((image,), _top(image)) for image in sharing.images),
    )


def _top(image: Image) -> ChainID | None:
    return image.layers[-1].chain_id if image.layers else None


@dataclass(frozen=True, slots=True)
class _Family:
    """Images that stand on the same shared layer, the largest first; several for a merged one."""

    on: ChainID | None
    images: tuple[Image, ...]
    is_merged: bool = False


def _families(sharing: Sharing, apart: Set[ImageID]) -> list[_Family]:
    shared = {each.layer.chain_id for each in sharing.layers if each.is_shared}
    found: dict[ChainID | None, list[Image]] = {}
    for image in sharing.images:
        if image.id not in apart:
            found.setdefault(_highest(image, shared), []).append(image)
    return [
        _Family(on, tuple(sorted(images, key=lambda each: (-each.size, each.name))))
        for on, images in found.items()
    ]


def _highest(image: Image, shared: Set[ChainID]) -> ChainID | None:
    on = [layer.chain_id for layer in image.layers if layer.chain_id in shared]
    return on[-1] if on else None


def _gather(sharing: Sharing, families: Sequence[_Family], apart: Set[ImageID], kept: int) -> Boxes:
    alone = [image for image in sharing.images if image.id in apart]
    boxes: list[ImageBox] = []
    for family in families:
        # One that would be left over alone may as well be shown.
        split = 0 if family.is_merged else kept
        split = len(family.images) if len(family.images) <= split + 1 else split
        alone += family.images[:split]
        rest = family.images[split:]
        if rest:
            boxes.append(ImageBox(rest, family.on, tuple(_own(sharing, rest))))
    order = {image.id: place for place, image in enumerate(sharing.images)}
    boxes = [ImageBox((image,), _top(image)) for image in alone] + boxes
    boxes.sort(key=lambda each: (each.on is None, order[each.images[0].id]))
    return Boxes(tuple(_runs(_needed(sharing, boxes))), tuple(boxes))


def _own(sharing: Sharing, images: Iterable[Image]) -> Iterator[SharedLayer]:
    inside = {image.id for image in images}
    return (each for each in sharing.layers if inside.issuperset(each.images))


def _needed(sharing: Sharing, boxes: Iterable[ImageBox]) -> list[SharedLayer]:
    """Return the layers that some box stands on, directly or not."""
    by_chain = {each.layer.chain_id: each for each in sharing.layers}
    wanted: set[ChainID] = set()
    for box in boxes:
        on = box.on
        while on is not None and on not in wanted:
            wanted.add(on)
            on = by_chain[on].layer.parent
    return [each for each in sharing.layers if each.layer.chain_id in wanted]


def _runs(layers: Sequence[SharedLayer]) -> Iterator[LayerBox]:
    """Yield one box for each run of layers that are in exactly the same images."""
    by_chain = {each.layer.chain_id: each for each in layers}
    runs: dict[ChainID, list[SharedLayer]] = {}
    for each in layers:
        parent = by_chain.get(each.layer.parent) if each.layer.parent else None
        run = runs.pop(parent.layer.chain_id, None) if parent and _alike(parent, each) else None
        runs[each.layer.chain_id] = [*(run or []), each]
    return (LayerBox(tuple(run), run[0].layer.parent) for run in runs.values())


def _alike(one: SharedLayer, other: SharedLayer) -> bool:
    return set(one.images) == set(other.images)


def _merge(
    sharing: Sharing, families: Sequence[_Family], apart: Set[ImageID], most: int
) -> list[_Family]:
    """Put the smallest families together until the picture is small enough."""
    kept = sorted(families, key=lambda each: -sum(image.size for image in each.images))
    rest: list[Image] = []
    while len(kept) > 1:
        rest = [*kept.pop().images, *rest]
        found = [*kept, _Family(None, tuple(rest), is_merged=True)]
        if _gather(sharing, found, apart, 0).count <= most:
            return found
    return [*kept, _Family(None, tuple(rest), is_merged=True)]
