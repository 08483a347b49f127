"""Images as boxes that stand on their layers: what several pictures have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dockerlab import messages
from dockerlab.graph.dot import add_edge, add_node, node_names
from dockerlab.layers import ChainID, Image, Layer, SharedLayer, Sharing, human_size

if TYPE_CHECKING:
    from graphviz import Digraph

COMMAND_LENGTH = 34


def add_layers(
    graph: Digraph, sharing: Sharing, *, label: str = "graph.layer"
) -> Mapping[ChainID, str]:
    """Add each layer once, each on top of its parent; return the boxes' names.

    `label` is the message that an unshared layer's box begins with.
    """
    names = node_names((each.layer.chain_id for each in sharing.layers), "layer")
    boxes = {ChainID(key): name for key, name in names.items()}
    for each in sharing.layers:
        kind = "shared" if each.is_shared else "own"
        # The double line says "shared" to those who do not see the colour.
        add_node(
            graph,
            boxes[each.layer.chain_id],
            kind=kind,
            lines=layer_lines(each, label=label),
            peripheries="2" if each.is_shared else "1",
        )
        if each.layer.parent:
            add_edge(graph, boxes[each.layer.chain_id], boxes[each.layer.parent])
    return boxes


def layer_lines(each: SharedLayer, *, label: str = "graph.layer") -> list[str]:
    """Return what a layer's box says: its command, its size, and who shares it."""
    size = messages.text(label, size=layer_size(each.layer))
    if each.is_shared:
        size = messages.text("graph.layer_shared", size=size, count=len(each.images))
    command = shorten(each.layer.created_by)
    return [size, command] if command else [size]


def layer_size(layer: Layer) -> str:
    """Return a layer's size for people, or a question mark where the engine does not tell."""
    return "?" if layer.size is None else human_size(layer.size)


def image_lines(image: Image) -> list[str]:
    """Return what an image's box says: all its tags and its size."""
    return [
        *(image.tags or (image.name,)),
        messages.text("graph.image", size=human_size(image.size)),
    ]


def shorten(command: str) -> str:
    """Return a command short enough for a box.

    >>> shorten("RUN apk add --no-cache bash coreutils findutils")
    'RUN apk add --no-cache bash coreu…'
    """
    text = " ".join(command.split())
    return text if len(text) <= COMMAND_LENGTH else f"{text[: COMMAND_LENGTH - 1]}…"
