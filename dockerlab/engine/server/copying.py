"""Routes that carry files into and out of containers."""

import base64
from contextlib import aclosing
from http import HTTPStatus

import msgspec
from aiohttp import web

from dockerlab.engine.containers.copying import PathStat
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server.answers import empty, stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.container_shapes import moment
from dockerlab.engine.server.images import body
from dockerlab.engine.server.router import Route

_STAT = "X-Docker-Container-Path-Stat"


async def head(call: Call) -> web.Response:
    """What is there: ``docker cp`` asks before it copies."""
    found = await call.engine.containers.copying.stat(call.names["name"], _path(call))
    response = empty(HTTPStatus.OK)
    response.headers[_STAT] = _encoded(found)
    return response


async def read(call: Call) -> web.StreamResponse:
    """``docker cp`` from a container."""
    found, parts = await call.engine.containers.copying.read(call.names["name"], _path(call))
    async with aclosing(parts):
        response = await call.begin(stream("application/x-tar", **{_STAT: _encoded(found)}))
        async for part in parts:
            await response.write(part)
    return response


async def write(call: Call) -> web.Response:
    """``docker cp`` into a container."""
    await call.engine.containers.copying.write(
        call.names["name"],
        _path(call),
        body(call),
        keep_kinds=call.flag("noOverwriteDirNonDir"),
        as_user=call.flag("copyUIDGID"),
    )
    return empty(HTTPStatus.OK)


async def export(call: Call) -> web.StreamResponse:
    """``docker export``."""
    parts = await call.engine.containers.copying.export(call.names["name"])
    async with aclosing(parts):
        response = await call.begin(stream("application/octet-stream"))
        async for part in parts:
            await response.write(part)
    return response


def _path(call: Call) -> str:
    path = call.text("path")
    if not path:
        raise InvalidParameter("bad parameter: pathcannot be empty")
    return path


def _encoded(found: PathStat) -> str:
    document = {
        "name": found.name,
        "size": found.size,
        "mode": found.mode,
        "mtime": moment(found.mtime),
        "linkTarget": found.link_target,
    }
    return base64.b64encode(msgspec.json.encode(document)).decode()


routes = (
    Route("HEAD", "/containers/{name}/archive", head),
    Route("GET", "/containers/{name}/archive", read),
    Route("PUT", "/containers/{name}/archive", write),
    Route("GET", "/containers/{name}/export", export),
)
