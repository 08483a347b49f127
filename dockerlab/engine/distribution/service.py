"""What the engine asks of registries, their mirrors and packs, put together."""

import os
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from pathlib import Path

from dockerlab.engine import platform as platforms
from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.distribution.auth import Authorizer, TokenCache
from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.distribution.download import Downloads
from dockerlab.engine.distribution.endpoint import (
    DOCKER_HUB,
    Endpoint,
    mirror_endpoint,
    registry_endpoint,
)
from dockerlab.engine.distribution.pack import PackedImage
from dockerlab.engine.distribution.patience import MIRROR_PATIENCE, Patience
from dockerlab.engine.distribution.pull import LayerDownloaded, layers
from dockerlab.engine.distribution.push import Outgoing, Pushed, push
from dockerlab.engine.distribution.registry import RegistryRepository
from dockerlab.engine.distribution.replies import Refused, pull_error
from dockerlab.engine.distribution.resolve import Found, Inspected, Located, Resolved, find, inspect
from dockerlab.engine.distribution.search import SearchResult, Wanted, search
from dockerlab.engine.distribution.silence import Silence
from dockerlab.engine.distribution.source import Source
from dockerlab.engine.distribution.tags import list_tags
from dockerlab.engine.distribution.transport import MIRROR_TIMEOUTS, Timeouts, Transport
from dockerlab.engine.distribution.upload import Uploads
from dockerlab.engine.errors import EngineError, NotFound, Unauthorized
from dockerlab.engine.oci import Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference

_HUB_NAMES = frozenset({"", "docker.io", "index.docker.io", "registry-1.docker.io"})

Present = Callable[[Resolved], Collection[int]]


class Distribution:
    """Images from and to registries.

    ``mirrors`` are asked before Docker Hub, ``packs`` (OCI image layouts) when no registry has an
    image or none can be reached, ``insecure`` names registries that may be spoken to without TLS.
    """

    def __init__(
        self,
        content: ContentStore,
        *,
        mirrors: Collection[str] = (),
        packs: Collection[Path] = (),
        insecure: Collection[str] = (),
        timeouts: Timeouts | None = None,
        mirror_timeouts: Timeouts = MIRROR_TIMEOUTS,
        patience: Patience | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._content = content
        self._mirrors = tuple(mirror_endpoint(mirror) for mirror in mirrors)
        self._packs = tuple(packs)
        self._insecure = frozenset(insecure)
        self._timeouts = timeouts or Timeouts()
        self._mirror_timeouts = mirror_timeouts
        self._silence = Silence()
        self._patience = patience or Patience()
        self._transport = Transport(environ=environ)
        self._tokens = TokenCache()
        self._downloads = Downloads(content, patience=self._patience)

    async def resolve(
        self,
        reference: Reference,
        *,
        platform: Platform | None = None,
        credentials: Credentials = ANONYMOUS,
    ) -> Found:
        """Find the image without its layers, for the host's platform if none is given.

        Raises as ``dockerlab.engine.distribution.resolve.find``.
        """
        steps = [step async for step in self._find(reference, platform, credentials)]
        found = steps[-1]
        assert isinstance(found, Found), "find raises when it finds nothing"
        return found

    def _find(
        self, reference: Reference, platform: Platform | None, credentials: Credentials
    ) -> AsyncGenerator[Located | Found, None]:
        sources = self._sources(reference.stored, credentials)
        return find(reference.stored, sources, platform or platforms.host(), self._silence)

    async def pull(
        self,
        reference: Reference,
        *,
        platform: Platform | None = None,
        credentials: Credentials = ANONYMOUS,
        present: Present = lambda _: (),
    ) -> AsyncGenerator[Resolved | LayerDownloaded | Progress, None]:
        """Find the image and bring its layers into the content store.

        Yields ``Resolved`` first (its manifest and config are given, not stored), then the layers
        from the base up as they come, and progress in between, in Docker's words up to "Download
        complete": what unpacks the layers goes on from there. ``present`` says which layers need
        not come, by index; it is asked once. Unpack in a task of its own, so that progress flows
        on; close the generator (``contextlib.aclosing``) to abort.

        Raises as ``resolve`` and ``dockerlab.engine.distribution.pull.layers``.
        """
        stored = reference.stored
        wanted = str(stored) if stored.digest else stored.tag  # the whole name, as Docker says it
        pulling = Progress(status=f"Pulling from {reference.path}", id=wanted)
        found: Found | None = None
        told = False
        async with aclosing(self._find(reference, platform, credentials)) as steps:
            async for step in steps:
                if isinstance(step, Found):
                    found = step
                elif not told:
                    told = True
                    yield pulling
        assert found is not None, "find raises when it finds nothing"
        yield found.image
        here = present(found.image)
        async with aclosing(layers(found, self._downloads, present=here)) as events:
            async for event in events:
                yield event

    async def push(
        self, image: Outgoing, *, credentials: Credentials = ANONYMOUS
    ) -> AsyncGenerator[Progress | Pushed, None]:
        """Push an image under its reference's tag; ``Pushed`` comes last.

        Raises as ``dockerlab.engine.distribution.push.push``.
        """
        yield Progress(status=f"The push refers to repository [{image.reference.name}]")
        uploads = Uploads(self._registry(image.reference, credentials))
        async with aclosing(push(image, uploads, self._content)) as events:
            async for event in events:
                yield event

    async def inspect(
        self, reference: Reference, *, credentials: Credentials = ANONYMOUS
    ) -> Inspected:
        """What a registry or its mirror has under a name; raises as ``resolve`` does."""
        *mirrors, own = self._registries(reference, credentials)
        for mirror in mirrors:
            with suppress(EngineError):
                return await inspect(reference.stored, mirror)
        return await inspect(reference.stored, own)

    async def tags(
        self, reference: Reference, *, credentials: Credentials = ANONYMOUS
    ) -> tuple[str, ...]:
        """Every tag of a repository, as its registry lists them; raises as ``resolve`` does."""
        failure: EngineError = NotFound(f"no endpoints found for {reference.familiar}")
        for source in self._registries(reference, credentials):
            try:
                return await list_tags(source)
            except EngineError as error:
                failure = error  # the registry's own comes last, and counts
        raise pull_error(failure, reference) if isinstance(failure, Refused) else failure

    async def log_in(self, credentials: Credentials) -> str:
        """Show credentials to the registry that they name; the token to use from now on, or "".

        Raises:
            Unauthorized: the registry does not accept them.
            SystemFailure: it does not answer.

        """
        address = credentials.server_address.partition("://")[2] or credentials.server_address
        host = address.partition("/")[0]
        domain = DOCKER_HUB if host in _HUB_NAMES else host
        place = self._registry(Reference(domain, ""), credentials)
        url = f"{place.name}/v2/"
        try:
            response = await place.request("GET", url, headers={}, scopes=("",))
        except Refused as refused:
            raise Unauthorized(f"login attempt to {url} failed with status: {refused}") from refused
        response.release()
        return ""

    async def search(self, term: str, which: Wanted) -> tuple[SearchResult, ...]:
        """What a registry finds; raises as ``dockerlab.engine.distribution.search.search``."""
        return await search(term, which, transport=self._transport, timeouts=MIRROR_TIMEOUTS)

    def _sources(self, reference: Reference, credentials: Credentials) -> tuple[Source, ...]:
        *mirrors, own = self._registries(reference, credentials)
        if not self._packs:
            return self._silence.last((*mirrors, own))
        # There is another place to ask, so the registry is given little time to be reached; more,
        # if that place has not got it.
        packs = (PackedImage(pack, reference) for pack in self._packs)
        hasty = self._registry(reference, credentials, hasty=True)
        return (*self._silence.last((*mirrors, hasty, *packs)), own)

    def _registries(
        self, reference: Reference, credentials: Credentials
    ) -> tuple[RegistryRepository, ...]:
        mirrors = self._mirrors if reference.domain == DOCKER_HUB else ()
        return (
            # A mirror is somebody else: it never sees the credentials. One that is slow or busy is
            # passed over soon: there is another place to ask.
            *(
                self._repository(
                    mirror, reference, ANONYMOUS, self._mirror_timeouts, MIRROR_PATIENCE
                )
                for mirror in mirrors
            ),
            self._registry(reference, credentials),
        )

    def _registry(
        self, reference: Reference, credentials: Credentials, *, hasty: bool = False
    ) -> RegistryRepository:
        endpoint = registry_endpoint(reference.domain, insecure=self._insecure)
        timeouts = self._timeouts
        if hasty:
            connect = min(timeouts.connect, self._mirror_timeouts.connect)
            timeouts = Timeouts(connect=connect, read=timeouts.read)
        return self._repository(endpoint, reference, credentials, timeouts, self._patience)

    def _repository(
        self,
        endpoint: Endpoint,
        reference: Reference,
        credentials: Credentials,
        timeouts: Timeouts,
        patience: Patience,
    ) -> RegistryRepository:
        authorizer = Authorizer(
            url=endpoint.url,
            credentials=credentials,
            transport=self._transport,
            tokens=self._tokens,
            timeouts=timeouts,
        )
        return RegistryRepository(
            endpoint=endpoint,
            path=reference.path,
            authorizer=authorizer,
            transport=self._transport,
            timeouts=timeouts,
            patience=patience,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()
