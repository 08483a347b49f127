"""The registry's HTTP side: OCI distribution-spec 1.1, the endpoints end-1 to end-11."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from dockerlab.registry.storage import DigestWrong, Manifest, NotStored, Repository, Storage

LARGEST_MANIFEST = 4 * 1024 * 1024
"""Bytes; what distribution-spec ("Pushing Manifests") tells registries to accept at least."""

# distribution-spec, "Pulling manifests": what <name> and <reference> may be.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = rf"{{name:{_PART}(?:/{_PART})*}}"
_REFERENCE = r"{reference:[a-zA-Z0-9_][a-zA-Z0-9._:-]{0,127}}"
_OCTETS = "application/octet-stream"

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(storage: Storage) -> web.Application:
    """Return the application that serves `storage`."""
    app = web.Application(client_max_size=LARGEST_MANIFEST, middlewares=[_as_registry])
    blobs, manifests = _Blobs(storage), _Manifests(storage)
    uploads = f"/v2/{_NAME}/blobs/uploads/"
    app.add_routes(
        [
            web.get("/v2/", _answer),
            web.get(f"/v2/{_NAME}/blobs/{{digest}}", blobs.get),  # HEAD comes with it
            web.post(uploads, blobs.begin),
            web.get(uploads + "{session}", blobs.status),
            web.patch(uploads + "{session}", blobs.receive),
            web.put(uploads + "{session}", blobs.finish),
            web.delete(uploads + "{session}", blobs.cancel),
            web.get(f"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.get),
            web.put(f"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.put),
            web.delete(f"/v2/{_NAME}/manifests/{_REFERENCE}", manifests.delete),
            web.get(f"/v2/{_NAME}/tags/list", manifests.tags),
        ]
    )
    return app


@web.middleware
async def _as_registry(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Give every answer the API's version, and errors the form of "Error Codes"."""
    try:
        response = await handler(request)
    except NotStored as error:
        response = _error(HTTPStatus.NOT_FOUND, _unknown(request), f"not here: {error}")
    except DigestWrong as error:
        response = _error(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"not the digest: {error}")
    except web.HTTPException as error:
        response = _error(HTTPStatus(error.status), "UNSUPPORTED", error.reason)
    if not response.prepared:  # a file's answer went out already
        response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
    return response


def _unknown(request: web.Request) -> str:
    if "/manifests/" in request.path:
        return "MANIFEST_UNKNOWN"
    return "BLOB_UPLOAD_UNKNOWN" if "/uploads/" in request.path else "BLOB_UNKNOWN"


def _error(status: HTTPStatus, code: str, sentence: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": sentence}]}, status=status)


async def _answer(_request: web.Request) -> web.Response:
    return web.json_response({})


class _Blobs:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, request: web.Request) -> web.StreamResponse:
        digest = request.match_info["digest"]
        headers = {"Docker-Content-Digest": digest, "Content-Type": _OCTETS}
        return web.FileResponse(self._storage.blob(digest), headers=headers)

    async def begin(self, request: web.Request) -> web.Response:
        """Begin an upload, or make it needless: blobs are shared ("Mounting a blob")."""
        name, mounted = request.match_info["name"], request.query.get("mount", "")
        try:
            self._storage.blob(mounted)
        except NotStored:
            return await self._begin(request, name)
        return _created(f"/v2/{name}/blobs/{mounted}", mounted)

    async def _begin(self, request: web.Request, name: str) -> web.Response:
        session = self._storage.begin_upload()
        if "digest" in request.query:  # "Single POST"
            await self._read(request, session)
            return self._finish(name, session, request.query["digest"])
        return self._progress(name, session, HTTPStatus.ACCEPTED)

    async def status(self, request: web.Request) -> web.Response:
        name, session = _upload(request)
        return self._progress(name, session, HTTPStatus.NO_CONTENT)

    async def receive(self, request: web.Request) -> web.Response:
        name, session = _upload(request)
        begins = request.headers.get("Content-Range", "").partition("-")[0]
        if begins and begins != str(self._storage.upload(session).size):
            return _error(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", "out of order"
            )
        await self._read(request, session)
        return self._progress(name, session, HTTPStatus.ACCEPTED)

    async def finish(self, request: web.Request) -> web.Response:
        name, session = _upload(request)
        await self._read(request, session)
        return self._finish(name, session, request.query.get("digest", ""))

    async def cancel(self, request: web.Request) -> web.Response:
        self._storage.cancel_upload(_upload(request)[1])
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _read(self, request: web.Request, session: str) -> None:
        upload = self._storage.upload(session)
        async for piece in request.content.iter_any():
            upload.write(piece)

    def _finish(self, name: str, session: str, digest: str) -> web.Response:
        self._storage.finish_upload(session, digest)
        return _created(f"/v2/{name}/blobs/{digest}", digest)

    def _progress(self, name: str, session: str, status: HTTPStatus) -> web.Response:
        last = max(0, self._storage.upload(session).size - 1)
        headers = {
            "Location": f"/v2/{name}/blobs/uploads/{session}",
            "Docker-Upload-UUID": session,
            "Range": f"0-{last}",
        }
        return web.Response(status=status, headers=headers)


class _Manifests:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def get(self, request: web.Request) -> web.Response:
        manifest = self._repository(request).find(request.match_info["reference"])
        headers = {"Docker-Content-Digest": manifest.digest, "Content-Type": manifest.media_type}
        return web.Response(body=manifest.data, headers=headers)

    async def put(self, request: web.Request) -> web.Response:
        name, reference = request.match_info["name"], request.match_info["reference"]
        media_type = request.headers.get("Content-Type", "")
        manifest = Manifest(await request.read(), media_type)
        self._storage.repositories[name].put(reference, manifest)
        return _created(f"/v2/{name}/manifests/{manifest.digest}", manifest.digest)

    async def delete(self, request: web.Request) -> web.Response:
        self._repository(request).remove(request.match_info["reference"])
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def tags(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        tags = sorted(self._repository(request).tags)
        return web.json_response({"name": name, "tags": tags})

    def _repository(self, request: web.Request) -> Repository:
        name = request.match_info["name"]
        if name not in self._storage.repositories:
            raise NotStored(name)
        return self._storage.repositories[name]


def _upload(request: web.Request) -> tuple[str, str]:
    return request.match_info["name"], request.match_info["session"]


def _created(location: str, digest: str) -> web.Response:
    headers = {"Location": location, "Docker-Content-Digest": digest}
    return web.Response(status=HTTPStatus.CREATED, headers=headers)
