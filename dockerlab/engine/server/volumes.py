"""Volumes: there are none yet, and that is what is answered."""

from aiohttp import web

from dockerlab.engine.errors import NotFound, NotImplementedHere
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route

_NOT_YET = "the embedded engine keeps no volumes yet; bind mounts (-v /path:/path) work"


async def index(_call: Call) -> web.Response:
    """List the volumes."""
    return answer({"Volumes": [], "Warnings": None})


async def inspect(call: Call) -> web.Response:
    """Show one volume."""
    raise NotFound(f"get {call.names['name']}: no such volume")


async def create(_call: Call) -> web.Response:
    """Refuse."""
    raise NotImplementedHere(_NOT_YET)


async def prune(_call: Call) -> web.Response:
    """Remove those that nothing uses."""
    return answer({"VolumesDeleted": [], "SpaceReclaimed": 0})


routes = (
    Route("GET", "/volumes", index),
    Route("GET", "/volumes/{name}", inspect),
    Route("POST", "/volumes/create", create),
    Route("POST", "/volumes/prune", prune),
    Route("DELETE", "/volumes/{name}", inspect),
)
