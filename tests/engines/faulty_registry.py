"""A registry that can be made to lie, stall, break off and redirect: a real HTTP server.

It keeps images in memory and answers honestly until a test gives it a fault.
"""

import asyncio
import base64
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.engines.images import Blob, Image

Fault = Callable[[web.BaseRequest], Awaitable[web.StreamResponse | None]]


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass
class FaultyRegistry:
    """The server; its attributes may be changed while it runs."""

    port: int = 0
    host: str = "127.0.0.1"
    manifests: dict[str, Blob] = field(default_factory=dict, repr=False)
    """By ``repository:tag`` and ``repository@digest``."""
    blobs: dict[str, bytes] = field(default_factory=dict, repr=False)
    fault: Fault | None = field(default=None, repr=False)
    """Asked first; what it returns is the answer, None means an honest one."""
    basic: tuple[str, str] | None = None
    """The name and password without which nothing is given (HTTP Basic)."""
    realm: str | None = None
    """The address of the token service whose tokens are wanted."""
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    """What this server's own token service gives out: token by user (\"\" is anybody)."""
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    """The users of the token service."""
    seen: list[Seen] = field(default_factory=list, repr=False)

    @property
    def address(self) -> str:
        """Host and port, as they stand in an image's name."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The same as a URL."""
        return f"http://{self.address}"

    def add(self, image: Image, repository: str, tag: str = "latest") -> str:
        """Keep ``image``; its manifest's digest."""
        for blob in image.blobs():
            self.blobs[blob.digest] = blob.data
        return self.add_manifest(image.manifest, repository, tag)

    def add_manifest(self, manifest: Blob, repository: str, tag: str = "latest") -> str:
        """Keep a manifest, or what a test wants to be taken for one; its digest."""
        self.manifests[f"{repository}:{tag}"] = manifest
        self.manifests[f"{repository}@{manifest.digest}"] = manifest
        return manifest.digest

    def paths(self, part: str = "") -> list[str]:
        """The paths asked for so far that contain ``part``."""
        return [seen.path for seen in self.seen if part in seen.path]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self.seen.append(Seen(request.method, request.path, dict(request.headers)))
        if self.fault is not None and (answer := await self.fault(request)) is not None:
            return answer
        if request.path == "/token":
            return await self._token(request)
        return self._authenticate(request) or self._honest(request)

    def _honest(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/v2/":
            return web.json_response({})
        repository, _, name = request.path.removeprefix("/v2/").rpartition("/")
        repository, _, kind = repository.rpartition("/")
        if kind == "manifests":
            return self._manifest(repository, name)
        if kind == "blobs" and name in self.blobs:
            return blob_response(request, self.blobs[name])
        return error_response(404, "BLOB_UNKNOWN", "blob unknown to registry")

    def _manifest(self, repository: str, name: str) -> web.Response:
        manifest = self.manifests.get(f"{repository}{'@' if ':' in name else ':'}{name}")
        if manifest is None:
            return error_response(404, "MANIFEST_UNKNOWN", "manifest unknown")
        headers = {"Content-Type": manifest.media_type, "Docker-Content-Digest": manifest.digest}
        return web.Response(body=manifest.data, headers=headers)

    def _authenticate(self, request: web.BaseRequest) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        if self.basic is not None and given != basic_header(*self.basic):
            challenge = 'Basic realm="faulty"'
        elif self.realm is not None and given.removeprefix("Bearer ") not in self.tokens.values():
            scope = f"repository:{request.path.split('/')[2]}:pull"
            challenge = f'Bearer realm="{self.realm}",service="faulty",scope="{scope}"'
        else:
            return None
        answer = error_response(401, "UNAUTHORIZED", "authentication required")
        answer.headers["WWW-Authenticate"] = challenge
        return answer

    async def _token(self, request: web.BaseRequest) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode()))
        user = form.get("refresh_token", "")
        if given := request.headers.get("Authorization", ""):
            pair = base64.b64decode(given.removeprefix("Basic ")).decode()
            user, _, password = pair.partition(":")
            if self.passwords.get(user) != password:
                return error_response(401, "UNAUTHORIZED", "incorrect username or password")
        if user not in self.tokens:
            return error_response(401, "UNAUTHORIZED", "authentication required")
        return web.json_response({"token": self.tokens[user], "expires_in": 300})


def error_response(status: int, code: str, message: str, **headers: str) -> web.Response:
    """An error as the distribution specification has it."""
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return web.Response(
        status=status, text=json.dumps(body), content_type="application/json", headers=headers
    )


def blob_response(request: web.BaseRequest, data: bytes) -> web.Response:
    """A blob, or the part of it that Range asks for."""
    asked = request.headers.get("Range", "").removeprefix("bytes=").rstrip("-")
    if not asked:
        return web.Response(body=data, content_type="application/octet-stream")
    if int(asked) >= len(data):
        return web.Response(status=416)
    headers = {"Content-Range": f"bytes {asked}-{len(data) - 1}/{len(data)}"}
    return web.Response(status=206, body=data[int(asked) :], headers=headers)


async def broken_off(
    request: web.BaseRequest, data: bytes, *, stated: int | None = None, status: int = 200
) -> web.StreamResponse:
    """Send ``data``, having announced ``stated`` bytes, and cut the connection."""
    answer = web.StreamResponse(status=status)
    if stated is not None:
        answer.content_length = stated
    await answer.prepare(request)
    if data:
        await answer.write(data)
    if request.transport is not None:
        request.transport.close()
    return answer


def basic_header(user: str, password: str) -> str:
    """The Authorization header for a name and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def running_faulty_registry(**settings: Any) -> Iterator[FaultyRegistry]:
    """The server in a thread of its own, on a free port of loopback."""
    registry = FaultyRegistry(**settings)
    started: Future[Callable[[], object]] = Future()
    thread = threading.Thread(target=asyncio.run, args=(_serve(registry, started),), daemon=True)
    thread.start()
    stop = started.result(10)
    try:
        yield registry
    finally:
        stop()
        thread.join(10)


async def _serve(registry: FaultyRegistry, started: "Future[Callable[[], object]]") -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    runner = web.ServerRunner(web.Server(registry.answer), shutdown_timeout=0.1)
    try:
        await runner.setup()
        await web.TCPSite(runner, registry.host, registry.port).start()
        registry.port = runner.addresses[0][1]
    except Exception as error:  # the caller's thread raises it
        started.set_exception(error)
        return
    started.set_result(lambda: loop.call_soon_threadsafe(stopped.set))
    await stopped.wait()
    await runner.cleanup()
