"""The layer-sharing graph: images on top, every layer once, the shared ones seen at a glance."""

from __future__ import annotations

from collections.abc import Iterator

from dockerlab import messages
from dockerlab.graph.dot import add_edge, add_node, new_graph, node_names, render
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.stack import add_layers, image_lines, layer_size, shorten
from dockerlab.layers import ImageID, Sharing, human_size


def draw_sharing(sharing: Sharing) -> Drawing:
    """Draw which layers the images of `sharing` have in common."""
    graph = new_graph()
    names = node_names((image.id for image in sharing.images), "image")
    boxes = add_layers(graph, sharing)
    with graph.subgraph() as row:
        row.attr(rank="same")
        for image in sharing.images:
            add_node(row, names[image.id], kind="plain", lines=image_lines(image), shape="box3d")
    for image in sharing.images:
        if image.layers:
            add_edge(graph, names[image.id], boxes[image.layers[-1].chain_id])
    return render(graph, title=_title(sharing), words=_words(sharing))


def _title(sharing: Sharing) -> str:
    return messages.text(
        "graph.sharing_title", images=len(sharing.images), layers=len(sharing.layers)
    )


def _words(sharing: Sharing) -> Iterator[str]:
    named = {image.id: _names(image.tags, image.id) for image in sharing.images}
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
            names=", ".join(named[ImageID(image)] for image in each.images),
        )
    yield messages.text(
        "graph.words_sum",
        listed=human_size(sharing.listed_bytes),
        stored=human_size(sharing.stored_bytes),
        saved=human_size(sharing.saved_bytes),
    )


def _names(tags: tuple[str, ...], image_id: str) -> str:
    return " = ".join(tags) if tags else image_id.removeprefix("sha256:")[:12]
