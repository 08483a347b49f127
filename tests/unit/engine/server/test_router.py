import pytest
from aiohttp import web

from dockerlab.engine.server.app import PARTS
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.router import Route, Router


async def one(_: Call) -> web.Response:
    return web.Response()


async def other(_: Call) -> web.Response:
    return web.Response()


ROUTER = Router(
    [
        Route("GET", "/images/json", one),
        Route("GET", "/images/{name}/json", other),
        Route("DELETE", "/images/{name}", one),
    ]
)


@pytest.mark.parametrize("name", ["a", "a/b/c:1", "a@sha256:0", "", "a\nb", "json/json", "a\0b"])
def test_names_may_hold_anything(name: str) -> None:
    assert ROUTER.find("GET", f"/images/{name}/json") == (other, {"name": name})


def test_an_exact_path_comes_before_a_pattern() -> None:
    assert ROUTER.find("GET", "/images/json") == (one, {})


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/images/json"), ("GET", "/images"), ("GET", ""), ("GET", "*")]
)
def test_what_has_no_route_is_not_found(method: str, path: str) -> None:
    assert ROUTER.find(method, path) is None


def test_no_two_routes_are_the_same() -> None:
    routes = [(route.method, route.pattern) for part in PARTS for route in part.routes]
    assert len(routes) == len(set(routes))
