"""Routes about commands run in running containers. None can be made yet, so none is found."""

from aiohttp import web

from dockerlab.engine.errors import NotFound
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route


async def no_exec(call: Call) -> web.Response:
    """Say that there is no such thing."""
    raise NotFound(f"No such exec instance: {call.names['id']}")


routes = (
    Route("GET", "/exec/{id}/json", no_exec),
    Route("POST", "/exec/{id}/start", no_exec),
    Route("POST", "/exec/{id}/resize", no_exec),
)
