"""Images that a build starts from or copies from: found here, or pulled."""

from contextlib import aclosing

from dockerlab.engine import platform as platforms
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.stage import Stage
from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.images.derivation import Keep
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import Platform
from dockerlab.engine.reference import DEFAULT_DOMAIN, Reference, parse

SCRATCH = "scratch"
_HUB = ("https://index.docker.io/v1/", "index.docker.io", DEFAULT_DOMAIN)


class Bases:
    """Finds images, each once in a build."""

    def __init__(self, images: Images, options: BuildOptions, output: Output, keep: Keep) -> None:
        """``keep`` is told of each image that is found, before anybody could remove it."""
        self._images = images
        self._keep = keep
        self._options = options
        self._output = output
        self._found: dict[str, Image] = {}

    async def find(self, name: str, stage: Stage | None, *, platform: str) -> Image | None:
        """The image that ``name`` means, or a stage's; None for ``scratch``.

        Raises:
            InvalidParameter: the name or the platform is malformed.
            NotFound, Unauthorized, SystemFailure: it is not here and cannot be pulled.

        """
        if stage is not None:
            return stage.image
        if name == SCRATCH:
            return None
        if name not in self._found:
            self._found[name] = await self._look_up(name, self._platform(platform))
        return self._found[name]

    def _platform(self, text: str) -> Platform | None:
        if not text:
            return self._options.platform
        try:
            return platforms.parse(text)
        except InvalidParameter as error:
            raise InvalidParameter(f"failed to parse platform {text}: {error}") from None

    async def _look_up(self, name: str, platform: Platform | None) -> Image:
        if not self._options.pull:
            try:
                found = self._images.resolve(name, platform=platform)
            except NotFound:
                pass
            else:
                self._keep(found)
                return found
        reference = parse(name)
        records = self._images.pull(
            reference if reference.digest else reference.stored,
            platform=platform,
            credentials=self._credentials(reference),
            keep=self._keep,
        )
        async with aclosing(records):
            async for record in records:
                await self._output.record(record)
        return self._images.resolve(name)

    def _credentials(self, reference: Reference) -> Credentials:
        names = _HUB if reference.domain == DEFAULT_DOMAIN else (reference.domain,)
        for address, credentials in self._options.credentials.items():
            host = address.removeprefix("https://").removeprefix("http://").partition("/")[0]
            if address in names or host in names:
                return credentials
        return ANONYMOUS
