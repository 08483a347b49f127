"""The inspect explorer: four groups, each field explained on demand, raw JSON one click away."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

import traitlets

from dockerlab.layers import ImageMissing, human_size
from dockerlab.widgets.inspect.fields import CONTAINER, GROUPS, IMAGE, Field, value_at, value_lines
from dockerlab.widgets.texts import text, texts_of
from dockerlab.widgets.widget import Widget, script, style

if TYPE_CHECKING:
    import docker


class Shown(TypedDict):
    """A field as the browser shows it; `command` is what prints it in a terminal."""

    key: str
    name: str
    place: str
    lines: list[str]
    about: str
    command: str


class Group(TypedDict):
    """One of the four groups."""

    key: str
    title: str
    fields: list[Shown]


class InspectExplorer(Widget):
    """What the engine answers to `docker inspect`, in groups, with explanations."""

    _esm = script("inspect")
    _css = style("inspect")
    messages: ClassVar[Any] = None  # the browser has all it needs, and sends nothing

    title = traitlets.Unicode().tag(sync=True)
    groups: traitlets.List[Group] = traitlets.List().tag(sync=True)
    raw = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str, document: Mapping[str, Any], *, is_container: bool) -> None:
        kind = "container" if is_container else "image"
        fields = CONTAINER if is_container else IMAGE
        super().__init__(
            title=text("inspect.container" if is_container else "inspect.image", name=name),
            groups=[_group(group, fields, document, f"{kind} inspect", name) for group in GROUPS],
            raw=json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True),
            texts=texts_of("inspect"),
        )
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.title}>"

    def __str__(self) -> str:
        lines = [self.title]
        for group in self.groups:
            lines.append(group["title"])
            lines += [f"  {each['name']}: {', '.join(each['lines'])}" for each in group["fields"]]
        return "\n".join(lines)

    def still_html(self) -> str:
        """Return the groups as lists whose explanations unfold, which needs no script."""
        groups = "".join(map(_group_html, self.groups))
        title = f"<p><strong>{escape(self.title)}</strong></p>"
        return f'<div class="dockerlab-still">{title}{groups}</div>'


def inspect_image_or_container(client: docker.DockerClient, name: str) -> InspectExplorer:
    """Return the explorer of the image `name`, or of the container of that name.

    As with `docker inspect`, a container is looked for first.

    Raises:
        ImageMissing: there is neither.

    """
    from docker.errors import NotFound  # noqa: PLC0415

    api: Any = client.api
    with suppress(NotFound):
        return InspectExplorer(name, api.inspect_container(name), is_container=True)
    try:
        return InspectExplorer(name, api.inspect_image(name), is_container=False)
    except NotFound as error:
        raise ImageMissing(name=name) from error


def _group(
    group: str, fields: tuple[Field, ...], document: Mapping[str, Any], verb: str, name: str
) -> Group:
    shown = [_shown(each, document, verb, name) for each in fields if each.group == group]
    return {"key": group, "title": text(f"inspect.group.{group}"), "fields": shown}


def _shown(field: Field, document: Mapping[str, Any], verb: str, name: str) -> Shown:
    value = value_at(document, field.place)
    lines = list(value_lines(value)) or [text("inspect.empty")]
    if field.key == "size" and isinstance(value, int):
        lines = [human_size(value)]
    template = shlex.quote(f"{{{{json .{field.place}}}}}")
    return {
        "key": field.key,
        "name": text(f"inspect.name.{field.key}"),
        "place": field.place,
        "lines": lines,
        "about": text(f"inspect.about.{field.key}"),
        "command": f"docker {verb} --format {template} {shlex.quote(name)}",
    }


def _group_html(group: Group) -> str:
    fields = "".join(map(_field_html, group["fields"]))
    return f"<p><strong>{escape(group['title'])}</strong></p><ul>{fields}</ul>"


def _field_html(field: Shown) -> str:
    value = "<br>".join(f"<code>{escape(line)}</code>" for line in field["lines"])
    return (
        f"<li><details><summary>{escape(field['name'])}: {value}</summary>"
        f"<p>{_prose(field['about'])}</p><p><code>{escape(field['command'])}</code></p>"
        "</details></li>"
    )


def _prose(sentence: str) -> str:
    """Return a sentence as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))
