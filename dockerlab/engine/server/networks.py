"""Networks: Docker's three that are always there, and no others.

A container of this engine has its host's network or none at all: a bridge needs rights over the
machine's own network that a learner does not have. What Docker calls ``bridge``, where containers
go that name no network, is here the machine's network, and says so.
"""

import hashlib

from aiohttp import web

from dockerlab.engine.errors import Forbidden, NotFound, NotImplementedHere
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route
from dockerlab.engine.timestamp import format_rfc3339

_DRIVERS = {"bridge": "host", "host": "host", "none": "null"}
_NO_OTHERS = (
    "the embedded engine has the machine's own network (bridge, host) and none, and can make no "
    "others: that needs rights over the machine's network"
)
_IS_HOST = "not a bridge: the network of the machine itself"


def network_id(name: str) -> str:
    """An ID for a network that nobody created: always the same."""
    return hashlib.sha256(f"dockerlab network {name}".encode()).hexdigest()


def _document(name: str, call: Call) -> dict[str, object]:
    return {
        "Name": name,
        "Id": network_id(name),
        "Created": format_rfc3339(call.engine.created),
        "Scope": "local",
        "Driver": _DRIVERS[name],
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": None},
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": {},
        "Labels": {"org.dockerlab.note": _IS_HOST} if name == "bridge" else {},
    }


async def index(call: Call) -> web.Response:
    """List the networks that the filters let through."""
    wanted = call.filters()
    wanted.check({"driver", "type", "name", "id", "label", "scope", "dangling"})
    return answer(
        [
            _document(name, call)
            for name, driver in _DRIVERS.items()
            if wanted.exactly("driver", driver)
            and wanted.exactly("scope", "local")
            and wanted.exactly("type", "builtin")
            and wanted.matches("name", name)
            and wanted.prefix("id", network_id(name))
            and wanted.labels("label", {})
        ]
    )


async def inspect(call: Call) -> web.Response:
    """Show one network."""
    return answer(_document(_named(call.names["name"]), call))


def _named(text: str) -> str:
    for name in _DRIVERS:
        if text == name or (text and network_id(name).startswith(text)):
            return name
    raise NotFound(f"network {text} not found")


async def create(call: Call) -> web.Response:
    """Refuse."""
    document = await call.json(dict[str, object]) or {}
    name = str(document.get("Name", ""))
    if name in _DRIVERS:
        raise Forbidden(f"operation is not permitted on predefined {name} network ")
    raise NotImplementedHere(_NO_OTHERS)


async def connect(call: Call) -> web.Response:
    """Refuse."""
    _named(call.names["name"])
    raise NotImplementedHere(_NO_OTHERS)


async def remove(call: Call) -> web.Response:
    """Refuse, as Docker does for these two."""
    name = _named(call.names["name"])
    raise Forbidden(f"{name} is a pre-defined network and cannot be removed")


async def prune(_call: Call) -> web.Response:
    """Remove none: those there are cannot be removed."""
    return answer({"NetworksDeleted": None})


routes = (
    Route("GET", "/networks", index),
    Route("GET", "/networks/", index),
    Route("GET", "/networks/{name}", inspect),
    Route("POST", "/networks/create", create),
    Route("POST", "/networks/prune", prune),
    Route("POST", "/networks/{name}/connect", connect),
    Route("POST", "/networks/{name}/disconnect", connect),
    Route("DELETE", "/networks/{name}", remove),
)
