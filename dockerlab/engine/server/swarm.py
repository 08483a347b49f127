"""Swarm and plugins: what a single engine without either of them answers."""

from aiohttp import web

from dockerlab.engine.errors import NotFound, NotImplementedHere, Unavailable
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route

_NO_MANAGER = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect '
    "this node to swarm and try again."
)
_OBJECTS = ("services", "nodes", "tasks", "secrets", "configs")


async def no_manager(_call: Call) -> web.Response:
    """Say that there is no swarm."""
    raise Unavailable(_NO_MANAGER)


async def no_swarm(_call: Call) -> web.Response:
    """Say that there never will be one."""
    raise NotImplementedHere("the embedded engine runs alone: it can be no part of a swarm")


async def plugins(_call: Call) -> web.Response:
    """List the plugins."""
    return answer([])


async def no_plugin(call: Call) -> web.Response:
    """Say that there is no such plugin."""
    raise NotFound(f'plugin "{call.names["name"]}" not found')


async def no_plugins(_call: Call) -> web.Response:
    """Say that none can be had."""
    raise NotImplementedHere("the embedded engine takes no plugins")


routes = (
    Route("GET", "/swarm", no_manager),
    Route("GET", "/swarm/unlockkey", no_manager),
    Route("POST", "/swarm/init", no_swarm),
    Route("POST", "/swarm/join", no_swarm),
    Route("POST", "/swarm/{action}", no_manager),
    *(
        Route(method, pattern, no_manager)
        for name in _OBJECTS
        for method, pattern in (
            ("GET", f"/{name}"),
            ("GET", f"/{name}/{{id}}"),
            ("POST", f"/{name}/{{id}}"),
            ("DELETE", f"/{name}/{{id}}"),
        )
    ),
    Route("GET", "/plugins", plugins),
    Route("GET", "/plugins/{name}/json", no_plugin),
    Route("DELETE", "/plugins/{name}", no_plugin),
    Route("GET", "/plugins/privileges", no_plugins),
    Route("POST", "/plugins/{rest}", no_plugins),
)
