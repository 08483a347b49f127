"""Routes about the engine itself: ``/_ping``, ``/version``, ``/info``."""

from aiohttp import web

from dockerlab.engine import info
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import NEWEST, OLDEST


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


async def version(_call: Call) -> web.Response:
    """Say what is running, part by part."""
    return answer(info.version(api=str(NEWEST), oldest_api=str(OLDEST)))


routes = (
    Route("GET", "/_ping", ping),
    Route("HEAD", "/_ping", ping),
    Route("GET", "/version", version),
)
