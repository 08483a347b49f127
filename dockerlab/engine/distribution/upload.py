"""Into a registry's repository (OCI distribution specification, "Push")."""

from urllib.parse import quote, urlencode, urljoin

from dockerlab.engine.distribution.registry import RegistryRepository
from dockerlab.engine.distribution.replies import Refused
from dockerlab.engine.distribution.transport import Body
from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.oci import Digest

_BYTES = "application/octet-stream"


class Uploads:
    """What can be put into one repository.

    Its methods raise as ``RegistryRepository.request`` does.
    """

    def __init__(self, repository: RegistryRepository) -> None:
        self._repository = repository
        self._scope = f"repository:{repository.path}:pull,push"

    async def has(self, digest: Digest) -> bool:
        """Whether the blob is in the repository."""
        url = self._repository.url(f"blobs/{digest}")
        try:
            async with await self._repository.request(
                "HEAD", url, headers={}, scopes=(self._scope,)
            ):
                return True
        except Refused as refused:
            if refused.status == 404:
                return False
            raise

    async def mount(self, digest: Digest, *, path: str) -> bool:
        """Take the blob over from another repository of the registry, if it is there and may be."""
        query = urlencode({"mount": digest, "from": path})
        url = self._repository.url(f"blobs/uploads/?{query}")
        scopes = (self._scope, f"repository:{path}:pull")
        try:
            async with await self._repository.request(
                "POST", url, headers={"Content-Length": "0"}, scopes=scopes
            ) as answer:
                mounted = answer.status == 201
                session = answer.headers.get("Location", "")
        except Refused:
            return False
        if not mounted and session:
            await self._cancel(urljoin(url, session))
        return mounted

    async def _cancel(self, session: str) -> None:
        try:
            async with await self._repository.request(
                "DELETE", session, headers={}, scopes=(self._scope,)
            ):
                pass
        except Refused:
            pass  # it will be swept by the registry itself

    async def put(self, digest: Digest, body: Body, *, size: int) -> None:
        """Upload a blob of ``size`` bytes in one piece.

        Raises:
            SystemFailure: the registry does not say where to.
            Refused, Unreachable, Dropped: as ``RegistryRepository.request``.

        """
        start = self._repository.url("blobs/uploads/")
        async with await self._repository.request(
            "POST", start, headers={"Content-Length": "0"}, scopes=(self._scope,)
        ) as answer:
            session = answer.headers.get("Location", "")
        if not session:
            raise SystemFailure(f"{self._repository.name} does not say where to upload to")
        target = urljoin(start, session)
        target += ("&" if "?" in target else "?") + urlencode({"digest": digest})
        headers = {"Content-Type": _BYTES, "Content-Length": str(size)}
        async with await self._repository.request(
            "PUT", target, headers=headers, body=body, scopes=(self._scope,)
        ):
            pass

    async def put_manifest(self, tag: str, data: bytes, *, media_type: str) -> None:
        """Give the repository a manifest under a tag."""
        url = self._repository.url(f"manifests/{quote(tag)}")
        async with await self._repository.request(
            "PUT", url, headers={"Content-Type": media_type}, body=data, scopes=(self._scope,)
        ):
            pass
