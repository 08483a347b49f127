"""One image and its containers: what is shared and read-only, what each has for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab import messages
from dockerlab.graph.dot import add_edge, add_node, new_graph, node_names, render
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.stack import add_layers, image_lines
from dockerlab.layers import Image, share
from dockerlab.layers.image import short

if TYPE_CHECKING:
    from graphviz import Digraph


@dataclass(frozen=True, slots=True)
class Process:
    """A container as the picture needs it; `exit_code` is None while it has not ended."""

    id: str
    exit_code: int | None = None
    is_running: bool = False

    @property
    def state(self) -> str:
        """The state in words: running, ended with a code, or only created."""
        if self.is_running:
            return messages.text("graph.container_running")
        if self.exit_code is None:
            return messages.text("graph.container_created")
        return messages.text("graph.container_exited", code=self.exit_code)


def draw_containers(image: Image, containers: Iterable[Process]) -> Drawing:
    """Draw `image` and the containers made from it, each on a writable layer of its own."""
    made = tuple(containers)
    graph = new_graph()
    boxes = add_layers(graph, share([image]), label="graph.layer_read_only")
    top = boxes[image.layers[-1].chain_id] if image.layers else None
    names = node_names((each.id for each in made), "container")
    for each in made:
        _add_container(graph, names[each.id], each, on=top)
    add_node(graph, "image", kind="plain", lines=image_lines(image), shape="box3d")
    if top:
        add_edge(graph, "image", top)
    title = messages.text("graph.containers_title", image=image.name, count=len(made))
    return render(graph, title=title, words=_words(image, made))


def _add_container(graph: Digraph, name: str, each: Process, *, on: str | None) -> None:
    heading = messages.text("graph.container", id=short(each.id))
    add_node(graph, name, kind="plain", lines=[heading, each.state])
    writable = [messages.text("graph.writable")]
    add_node(graph, f"{name}w", kind="writable", lines=writable, style="filled,dashed")
    add_edge(graph, name, f"{name}w")
    if on:
        add_edge(graph, f"{name}w", on)


def _words(image: Image, containers: tuple[Process, ...]) -> Iterator[str]:
    yield messages.text("graph.words_base", image=image.name, layers=len(image.layers))
    for each in containers:
        yield messages.text("graph.words_container", id=short(each.id), state=each.state)
