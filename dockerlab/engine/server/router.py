"""From method and path to the function that answers."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from aiohttp import web

from dockerlab.engine.server.call import Call

Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """``handler`` answers ``method`` on ``pattern``.

    In a pattern, ``{name}`` stands for any text, slashes included: names of images have them.
    """

    method: str
    pattern: str
    handler: Handler


class Router:
    """Finds the route of a request. The first that fits is taken, in the order given."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[tuple[str, str], Handler] = {}
        self._patterns: dict[tuple[str, str], list[tuple[re.Pattern[str], Handler]]] = {}
        for route in routes:
            if "{" in route.pattern:
                # Looked up by the first word of the path, so that few patterns are ever tried.
                patterns = self._patterns.setdefault((route.method, _word(route.pattern)), [])
                patterns.append((_compile(route.pattern), route.handler))
            else:
                self._exact[route.method, route.pattern] = route.handler

    def find(self, method: str, path: str) -> tuple[Handler, Mapping[str, str]] | None:
        """The handler and the names found in the path, or None."""
        if exact := self._exact.get((method, path)):
            return exact, {}
        for pattern, handler in self._patterns.get((method, _word(path)), ()):
            if match := pattern.fullmatch(path):
                return handler, match.groupdict()
        return None


def _word(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>.*)", pattern), re.DOTALL)
