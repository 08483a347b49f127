"""Routes about the engine itself: ``/_ping``, ``/version``, ``/info``, ``/system/df``."""

import asyncio

from aiohttp import web

from dockerlab.engine import info
from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.server import shapes
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.container_shapes import container_summary
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import NEWEST, OLDEST, Version
from dockerlab.engine.server.volumes import volume_usage

_KINDS = ("container", "image", "volume", "build-cache")
_KINDS_SINCE = Version(1, 42)


async def ping(call: Call) -> web.Response:
    """Answer that the engine is there, and which builder it has."""
    headers = {
        # 1 is the classic builder: the CLI then never asks for BuildKit.
        "Builder-Version": "1",
        "Swarm": "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
    }
    body = "" if call.request.method == "HEAD" else "OK"
    return web.Response(text=body, headers=headers)


async def version(call: Call) -> web.Response:
    """``docker version``."""
    return answer(info.version(call.engine, api=str(NEWEST), oldest_api=str(OLDEST)))


async def information(call: Call) -> web.Response:
    """``docker info``."""
    return answer(shapes.information(info.info(call.engine), call.version))


async def disk_usage(call: Call) -> web.Response:
    """``docker system df``."""
    kinds = call.texts("type") if call.version >= _KINDS_SINCE else ()
    for kind in kinds:
        if kind not in _KINDS:
            raise InvalidParameter(f"unknown object type: {kind}")
    engine, wanted = call.engine, kinds or _KINDS
    made: dict[str, object] = {}
    if "image" in wanted:
        images = engine.images.list(every=True, shared_size=True)
        made["LayersSize"] = engine.images.layers_size()
        made["Images"] = [shapes.image_usage(image, call.version) for image in images]
    if "container" in wanted:
        containers = engine.containers.list(every=True)
        made["Containers"] = [container_summary(engine, each, size=True) for each in containers]
    if "volume" in wanted:
        volumes = engine.volumes.list()
        made["Volumes"] = [await asyncio.to_thread(volume_usage, engine, each) for each in volumes]
    if "build-cache" in wanted:
        made["BuildCache"] = []
    return answer(made)


async def authenticate(call: Call) -> web.Response:
    """``docker login``."""
    credentials = await call.json(Credentials)
    if credentials is None:
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    token = await call.engine.distribution.log_in(credentials)
    return answer({"IdentityToken": token, "Status": "Login Succeeded"})


routes = (
    Route("GET", "/_ping", ping),
    Route("HEAD", "/_ping", ping),
    Route("GET", "/version", version),
    Route("GET", "/info", information),
    Route("GET", "/system/df", disk_usage),
    Route("POST", "/auth", authenticate),
)
