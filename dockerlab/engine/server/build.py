"""Building images, which this engine cannot do yet."""

from aiohttp import web

from dockerlab.engine.errors import InvalidParameter, NotImplementedHere
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route


async def build(_call: Call) -> web.Response:
    """Refuse."""
    raise NotImplementedHere("the embedded engine cannot build images yet")


async def commit(_call: Call) -> web.Response:
    """Refuse."""
    raise NotImplementedHere("the embedded engine cannot commit containers yet")


async def prune(_call: Call) -> web.Response:
    """Remove what builds have left: nothing."""
    return answer({"CachesDeleted": None, "SpaceReclaimed": 0})


async def session(_call: Call) -> web.Response:
    """Refuse in the way that has BuildKit's clients fall back to the classic builder."""
    raise InvalidParameter("the embedded engine has the classic builder only")


routes = (
    Route("POST", "/build", build),
    Route("POST", "/build/prune", prune),
    Route("POST", "/commit", commit),
    Route("POST", "/session", session),
    Route("POST", "/grpc", session),
)
