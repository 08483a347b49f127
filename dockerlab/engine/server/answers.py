"""Answers in Docker's form: JSON bodies, error bodies and status codes."""

import logging
import os
import sqlite3
from http import HTTPStatus

from aiohttp import web

from dockerlab.engine.errors import (
    Conflict,
    EngineError,
    Forbidden,
    InvalidParameter,
    NotFound,
    NotImplementedHere,
    NotModified,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from dockerlab.engine.info import ENGINE_VERSION
from dockerlab.engine.oci import encode
from dockerlab.engine.server.versions import NEWEST, VersionTooOld

_log = logging.getLogger(__name__)

_STATUS = (
    (InvalidParameter, HTTPStatus.BAD_REQUEST),
    (Unauthorized, HTTPStatus.UNAUTHORIZED),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (NotModified, HTTPStatus.NOT_MODIFIED),
    (TooManyRequests, HTTPStatus.TOO_MANY_REQUESTS),
    (NotImplementedHere, HTTPStatus.NOT_IMPLEMENTED),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

HEADERS = {
    "Api-Version": str(NEWEST),
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"dockerlab/{ENGINE_VERSION} (linux)",
}
"""On every answer, as Docker has them."""


def line(value: object) -> bytes:
    """``value`` as one line of JSON, ended as Docker ends it."""
    return encode(value) + b"\n"


def answer(value: object, *, status: int = HTTPStatus.OK) -> web.Response:
    """An answer that is one JSON value."""
    response = web.Response(body=line(value), status=status)
    response.headers["Content-Type"] = "application/json"
    return response


def stream(content_type: str, **headers: str) -> web.StreamResponse:
    """An answer whose body is written piece by piece."""
    response = web.StreamResponse(headers={**HEADERS, **headers})
    response.content_type = content_type
    response.enable_chunked_encoding()
    return response


def empty(status: int) -> web.Response:
    """An answer that is its status code alone."""
    return web.Response(status=status)


def status_of(error: Exception) -> int:
    """The HTTP status of an error's class."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def log_unexpected(error: Exception) -> None:
    """Keep what the user's sentence leaves out; nobody had foreseen it."""
    _log.error("unexpected error", exc_info=error)


def sentence(error: Exception) -> str:
    """What the client reads: what nobody had foreseen is told in the system's words, or not at all.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "/data/x"))
    '/data/x: no such file or directory'
    >>> sentence(KeyError("x"))
    'internal error: the log of the engine says more'
    """
    if isinstance(error, EngineError):
        return str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        return f"{place}: {error.strerror.lower()}" if place else error.strerror.lower()
    if isinstance(error, sqlite3.Error):
        return f"metadata: {error}"
    return "internal error: the log of the engine says more"


def refusal(error: Exception) -> web.Response:
    """The answer that says why there is no other."""
    status = status_of(error)
    if not isinstance(error, EngineError):
        log_unexpected(error)
    if status == HTTPStatus.NOT_MODIFIED:
        return empty(status)
    if isinstance(error, VersionTooOld):
        return web.Response(
            text=f"{error}\n", status=status, headers={"X-Content-Type-Options": "nosniff"}
        )
    return answer({"message": sentence(error)}, status=status)
