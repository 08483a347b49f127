"""Routes about volumes."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from dockerlab.engine.engine import Engine
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.metadata.volumes import Volume
from dockerlab.engine.server.answers import answer, empty
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.containers import completed
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.shapes import Document
from dockerlab.engine.server.versions import Version
from dockerlab.engine.timestamp import SECOND, format_rfc3339
from dockerlab.engine.volumes.request import DRIVER

_ANONYMOUS_ONLY_SINCE = Version(1, 42)


class CreateRequest(msgspec.Struct, frozen=True, rename="pascal"):
    """The body of ``POST /volumes/create`` (Docker Engine API, ``VolumeCreateOptions``)."""

    name: str | None = None
    driver: str | None = None
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None


def volume_document(engine: Engine, volume: Volume) -> Document:
    """One volume as the API shows it."""
    return {
        "CreatedAt": format_rfc3339(volume.created // SECOND * SECOND),
        "Driver": DRIVER,
        "Labels": volume.labels,
        "Mountpoint": str(engine.volumes.data(volume.name)),
        "Name": volume.name,
        "Options": None,
        "Scope": "local",
    }


def volume_usage(engine: Engine, volume: Volume) -> Document:
    """One volume with what it takes; blocks."""
    usage = {
        "RefCount": len(engine.volumes.users(volume.name)),
        "Size": engine.volumes.usage(volume.name),
    }
    return {**volume_document(engine, volume), "UsageData": usage}


async def index(call: Call) -> web.Response:
    """``docker volume ls``."""
    found = call.engine.volumes.list(call.filters())
    return answer(
        {"Volumes": [volume_document(call.engine, each) for each in found], "Warnings": None}
    )


async def inspect(call: Call) -> web.Response:
    """``docker volume inspect``."""
    return answer(volume_document(call.engine, call.engine.volumes.get(call.names["name"])))


async def create(call: Call) -> web.Response:
    """``docker volume create``."""
    request = await call.json(CreateRequest)
    if request is None:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    volume = call.engine.volumes.create(
        request.name or "",
        labels=request.labels,
        driver=request.driver or "",
        options=request.driver_opts,
    )
    return answer(volume_document(call.engine, volume), status=HTTPStatus.CREATED)


async def remove(call: Call) -> web.Response:
    """``docker volume rm``."""
    work = call.engine.volumes.remove(call.names["name"], force=call.flag("force"))
    await completed(work)
    return empty(HTTPStatus.NO_CONTENT)


async def prune(call: Call) -> web.Response:
    """``docker volume prune``: before API 1.42 volumes with a name, too."""
    filters = call.filters()
    every = call.version < _ANONYMOUS_ONLY_SINCE or filters.boolean("all", default=False)
    work = call.engine.volumes.prune(filters, every=every)
    return answer(await completed(work))


routes = (
    Route("GET", "/volumes", index),
    Route("GET", "/volumes/{name}", inspect),
    Route("POST", "/volumes/create", create),
    Route("POST", "/volumes/prune", prune),
    Route("DELETE", "/volumes/{name}", remove),
)
