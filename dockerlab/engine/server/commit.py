"""What a container has changed: as a list, as an image."""

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from dockerlab.engine import diff
from dockerlab.engine.builder.committing import CommitOptions
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.skeleton import without_skeleton
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.reference import parse_target
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call, complaint, decode
from dockerlab.engine.server.containers import completed
from dockerlab.engine.server.router import Route
from dockerlab.engine.snapshots.compare import Change, Kind

_NUMBERS = {Kind.CHANGED: 0, Kind.ADDED: 1, Kind.DELETED: 2}
_COMMANDS = ("Cmd", "Entrypoint", "Shell")


async def commit(call: Call) -> web.Response:
    """``docker commit``."""
    options = CommitOptions(
        name=parse_target(call.text("repo"), call.text("tag")),
        author=call.text("author"),
        message=call.text("comment"),
        pause=call.flag("pause", default=True),
        config=await _config(call),
        changes=tuple(call.texts("changes")),
    )
    image_id = await completed(call.engine.builder.commit(call.text("container"), options))
    return answer({"Id": image_id}, status=HTTPStatus.CREATED)


async def _config(call: Call) -> ContainerConfig | None:
    """The configuration in the body, which may be missing or null."""
    body = await call.json_body()
    raw = decode(body, dict[str, Any] | None) if body else None  # type: ignore[arg-type]
    if not raw:
        return None
    given = {key: value for key, value in raw.items() if value is not None}
    given |= {key: [given[key]] for key in _COMMANDS if isinstance(given.get(key), str)}
    try:
        return msgspec.convert(given, ContainerConfig)
    except msgspec.ValidationError as error:
        raise InvalidParameter(complaint(body, error)) from None


async def changes(call: Call) -> web.Response:
    """``docker diff``."""
    container = call.engine.containers.get(call.names["name"])
    snapshots = call.engine.snapshots

    def find() -> list[Change]:
        found = diff.changes(snapshots, container.id)
        return without_skeleton(found, snapshots, container.id)

    found = await asyncio.to_thread(find)
    return answer([_document(change) for change in found] or None)


def _document(change: Change) -> dict[str, object]:
    path = b"/" + b"/".join(change.path)
    return {"Path": path.decode("utf-8", "replace"), "Kind": _NUMBERS[change.kind]}


routes = (
    Route("POST", "/commit", commit),
    Route("GET", "/containers/{name}/changes", changes),
)
