"""Routes about containers, but for those that carry their streams."""

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web

from dockerlab.engine import platform as platforms
from dockerlab.engine.containers import pruning
from dockerlab.engine.errors import EngineError, InvalidParameter, NotImplementedHere
from dockerlab.engine.server.answers import answer, empty, line, stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.container_shapes import container_details, container_summary
from dockerlab.engine.server.create_request import decode_request
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import Version

T = TypeVar("T")

_CONDITIONS = ("", "not-running", "next-exit", "removed")
_PLATFORM_SINCE = Version(1, 41)
_STOP_SIGNAL_SINCE = Version(1, 42)
_HEAD_FIRST_SINCE = Version(1, 30)


async def completed(work: Coroutine[Any, Any, T]) -> T:
    """Do all of ``work`` even where the client does not wait for its end.

    A container that is half started or half removed helps nobody.
    """
    return await asyncio.shield(asyncio.ensure_future(work))


async def index(call: Call) -> web.Response:
    """``docker ps``."""
    size = call.flag("size")
    found = call.engine.containers.list(
        every=call.flag("all"), filters=call.filters(), limit=call.integer("limit") or 0
    )
    return answer([container_summary(call.engine, each, size=size) for each in found])


async def create(call: Call) -> web.Response:
    """``docker create``."""
    body = await call.json_body()
    if not body:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    request = decode_request(body, call.version)
    platform = call.text("platform") if call.version >= _PLATFORM_SINCE else ""
    created = await completed(
        call.engine.containers.create(
            name=call.text("name") or None,
            config=request.config,
            host=request.host,
            platform=platforms.parse(platform) if platform else None,
        )
    )
    return answer({"Id": created.id, "Warnings": list(created.warnings)}, status=HTTPStatus.CREATED)


async def inspect(call: Call) -> web.Response:
    """``docker inspect``."""
    container = call.engine.containers.get(call.names["name"])
    return answer(container_details(call.engine, container, size=call.flag("size")))


async def start(call: Call) -> web.Response:
    """``docker start``."""
    # "{}" and "null" are let through: Docker counts bytes, and so do clients.
    if (call.request.content_length or 0) > 7:
        raise InvalidParameter(
            "starting container with non-empty request body was deprecated since API v1.22 and "
            "removed in v1.24"
        )
    await completed(call.engine.containers.start(call.names["name"]))
    return empty(HTTPStatus.NO_CONTENT)


async def stop(call: Call) -> web.Response:
    """``docker stop``."""
    signal = call.text("signal") if call.version >= _STOP_SIGNAL_SINCE else ""
    work = call.engine.containers.stop(
        call.names["name"], timeout=call.integer("t"), signal=signal or None
    )
    await completed(work)
    return empty(HTTPStatus.NO_CONTENT)


async def restart(call: Call) -> web.Response:
    """``docker restart``."""
    signal = call.text("signal") if call.version >= _STOP_SIGNAL_SINCE else ""
    work = call.engine.containers.restart(
        call.names["name"], timeout=call.integer("t"), signal=signal or None
    )
    await completed(work)
    return empty(HTTPStatus.NO_CONTENT)


async def kill(call: Call) -> web.Response:
    """``docker kill``."""
    name = call.names["name"]
    try:
        await completed(call.engine.containers.kill(name, call.text("signal") or None))
    except EngineError as error:
        raise type(error)(f"cannot kill container: {name}: {error}") from error
    return empty(HTTPStatus.NO_CONTENT)


async def wait(call: Call) -> web.StreamResponse:
    """``docker wait``: the head at once, so that the client may start it; the body at its end."""
    condition = call.text("condition") if call.version >= _HEAD_FIRST_SINCE else ""
    if condition not in _CONDITIONS:
        raise InvalidParameter(f'invalid condition: "{condition}"')
    waiting = await call.engine.containers.wait(
        call.names["name"], condition=condition or "not-running"
    )
    response = stream("application/json")
    if call.version >= _HEAD_FIRST_SINCE:
        await call.begin(response)
    waited = await waiting
    await call.begin(response)
    document: dict[str, object] = {"StatusCode": waited.status_code}
    if waited.error:
        document["Error"] = {"Message": waited.error}
    await response.write(line(document))
    return response


async def remove(call: Call) -> web.Response:
    """``docker rm``."""
    if call.flag("link"):
        raise NotImplementedHere("the embedded engine has no links between containers")
    work = call.engine.containers.remove(
        call.names["name"], force=call.flag("force"), volumes=call.flag("v")
    )
    await completed(work)
    return empty(HTTPStatus.NO_CONTENT)


async def rename(call: Call) -> web.Response:
    """``docker rename``."""
    call.engine.containers.rename(call.names["name"], call.text("name"))
    return empty(HTTPStatus.NO_CONTENT)


async def pause(call: Call) -> web.Response:
    """``docker pause``."""
    await completed(call.engine.containers.pause(call.names["name"]))
    return empty(HTTPStatus.NO_CONTENT)


async def unpause(call: Call) -> web.Response:
    """``docker unpause``."""
    await completed(call.engine.containers.unpause(call.names["name"]))
    return empty(HTTPStatus.NO_CONTENT)


async def prune(call: Call) -> web.Response:
    """``docker container prune``."""
    engine = call.engine
    work = pruning.prune(
        engine.containers,
        snapshots=engine.snapshots,
        events=engine.events,
        filters=call.filters(),
    )
    return answer(await completed(work))


routes = (
    Route("GET", "/containers/json", index),
    Route("POST", "/containers/create", create),
    Route("POST", "/containers/prune", prune),
    Route("GET", "/containers/{name}/json", inspect),
    Route("POST", "/containers/{name}/start", start),
    Route("POST", "/containers/{name}/stop", stop),
    Route("POST", "/containers/{name}/restart", restart),
    Route("POST", "/containers/{name}/kill", kill),
    Route("POST", "/containers/{name}/wait", wait),
    Route("POST", "/containers/{name}/rename", rename),
    Route("POST", "/containers/{name}/pause", pause),
    Route("POST", "/containers/{name}/unpause", unpause),
    Route("DELETE", "/containers/{name}", remove),
)
