"""The layer-sharing graph: images on top, every layer once, the shared ones seen at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab import messages
from dockerlab.graph.collapsing import Boxes, ImageBox, LayerBox, arrange
from dockerlab.graph.dot import add_edge, add_node, new_graph, node_names, render
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.stack import image_lines, layer_lines, layer_size, shorten
from dockerlab.layers import ChainID, Image, ImageID, SharedLayer, Sharing, human_size

if TYPE_CHECKING:
    from graphviz import Digraph

NAMED = 3
"""How many images of a collapsed box are named."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A question to the picture: what removing these images would free.

    `freed` are the layers that nothing else on the engine needs, `size` their bytes; `notes` are
    what there is to say besides, in sentences.
    """

    images: frozenset[ImageID]
    freed: frozenset[ChainID]
    size: int
    notes: tuple[str, ...] = ()


def draw_sharing(sharing: Sharing, *, removal: Removal | None = None) -> Drawing:
    """Draw which layers the images of `sharing` have in common, and what a removal would free.

    Of many images, those that are alike are drawn as one, and so are layers that always come
    together: `dockerlab.graph.collapsing` has the rule. The words name them all.
    """
    boxes = arrange(sharing, apart=removal.images if removal else frozenset())
    graph = new_graph()
    names = _add_layers(graph, boxes, removal)
    _add_images(graph, boxes, names, removal)
    title, words = _title(sharing, boxes, removal), _words(sharing, boxes, removal)
    return render(graph, title=title, words=words)


def _add_layers(graph: Digraph, boxes: Boxes, removal: Removal | None) -> dict[ChainID, str]:
    """Add each box of layers on top of the one below; return the boxes' names by their top."""
    names = {
        ChainID(key): name
        for key, name in node_names((box.top.chain_id for box in boxes.layers), "layer").items()
    }
    for box in boxes.layers:
        lines = _layer_lines(box)
        is_freed = removal is not None and box.top.chain_id in removal.freed
        if is_freed:
            lines.append(messages.text("graph.freed"))
        # The double line says "shared" to those who do not see the colour, a dashed one "freed".
        add_node(
            graph,
            names[box.top.chain_id],
            kind="freed" if is_freed else "shared" if box.is_shared else "own",
            lines=lines,
            peripheries="2" if box.is_shared else "1",
            style="filled,dashed" if is_freed else "filled",
        )
        if box.below:
            add_edge(graph, names[box.top.chain_id], names[box.below])
    return names


def _layer_lines(box: LayerBox) -> list[str]:
    if len(box.layers) == 1:
        return layer_lines(box.layers[0])
    size = messages.text("graph.layers", count=len(box.layers), size=_sum(box.layers))
    if not box.is_shared:
        return [size]
    return [messages.text("graph.layer_shared", size=size, count=len(box.layers[0].images))]


def _add_images(
    graph: Digraph, boxes: Boxes, layers: dict[ChainID, str], removal: Removal | None
) -> None:
    names = node_names((box.images[0].id for box in boxes.images), "image")
    with graph.subgraph() as row:
        row.attr(rank="same")
        for box in boxes.images:
            is_removed = removal is not None and box.images[0].id in removal.images
            lines = _image_lines(box)
            if is_removed:
                lines.append(messages.text("graph.removed"))
            kind = "freed" if is_removed else "plain"
            add_node(row, names[box.images[0].id], kind=kind, lines=lines, shape="box3d")
    for box in boxes.images:
        name, on = names[box.images[0].id], box.on
        if box.own:
            lines = [messages.text("graph.layers", count=len(box.own), size=_sum(box.own))]
            add_node(graph, f"{name}own", kind="own", lines=lines)
            add_edge(graph, name, f"{name}own")
            name = f"{name}own"
        if on:
            add_edge(graph, name, layers[on])


def _image_lines(box: ImageBox) -> list[str]:
    if len(box.images) == 1:
        return image_lines(box.images[0])
    named = [image.name for image in box.images[:NAMED]]
    more = len(box.images) - len(named)
    lines = [messages.text("graph.images_alike", count=len(box.images)), *named]
    return [*lines, messages.text("graph.and_more", count=more)] if more else lines


def _sum(layers: Iterable[SharedLayer]) -> str:
    return human_size(sum(each.layer.size or 0 for each in layers))


def _title(sharing: Sharing, boxes: Boxes, removal: Removal | None) -> str:
    parts = [
        messages.text("graph.sharing_title", images=len(sharing.images), layers=len(sharing.layers))
    ]
    if boxes.is_collapsed:
        parts.append(messages.text("graph.collapsed", count=boxes.count))
    if removal:
        names = messages.listed(
            image.name for image in sharing.images if image.id in removal.images
        )
        size = human_size(removal.size)
        parts.append(messages.text("graph.would_free", names=names, size=size))
    return " ".join(parts)


def _words(sharing: Sharing, boxes: Boxes, removal: Removal | None) -> Iterator[str]:
    named = {image.id: _names(image) for image in sharing.images}
    for image in sharing.images:
        yield messages.text(
            "graph.words_image",
            name=named[image.id],
            size=human_size(image.size),
            layers=len(image.layers),
        )
    for each in sharing.layers:
        yield messages.text(
            "graph.words_shared" if each.is_shared else "graph.words_own",
            size=layer_size(each.layer),
            command=shorten(each.layer.created_by) or "?",
            names=messages.listed(named[ImageID(image)] for image in each.images),
        )
    yield messages.text(
        "graph.words_sum",
        listed=human_size(sharing.listed_bytes),
        stored=human_size(sharing.stored_bytes),
        saved=human_size(sharing.saved_bytes),
    )
    yield from _words_alike(boxes)
    if removal:
        yield messages.text(
            "graph.words_freed", count=len(removal.freed), size=human_size(removal.size)
        )
        yield from removal.notes


def _words_alike(boxes: Boxes) -> Iterator[str]:
    for box in boxes.images:
        if len(box.images) > 1:
            names = messages.listed(_names(image) for image in box.images)
            yield messages.text("graph.words_alike", names=names)


def _names(image: Image) -> str:
    return " = ".join(image.tags) if image.tags else image.id.removeprefix("sha256:")[:12]
