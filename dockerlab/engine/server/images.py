"""Routes about images."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from http import HTTPStatus

import msgspec
from aiohttp import web

from dockerlab.engine import platform as platforms
from dockerlab.engine.distribution.address import opened, pieces
from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials, decode_registry_auth
from dockerlab.engine.distribution.search import wanted
from dockerlab.engine.errors import Forbidden, InvalidParameter, NotFound
from dockerlab.engine.oci import Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import parse, parse_target, parse_with_tag
from dockerlab.engine.server import shapes
from dockerlab.engine.server.answers import answer, empty, stream
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.lines import send_lines
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import Version

_TAR = "application/x-tar"
_PLATFORM_SINCE, _INSPECT_PLATFORM_SINCE = Version(1, 48), Version(1, 49)


async def index(call: Call) -> web.Response:
    """``docker images``."""
    shared_size = call.version >= Version(1, 42) and call.flag("shared-size")
    found = call.engine.images.list(
        every=call.flag("all"), filters=call.filters(), shared_size=shared_size
    )
    return answer([shapes.image_summary(summary, call.version) for summary in found])


async def inspect(call: Call) -> web.Response:
    """``docker image inspect``."""
    _check_platform(call, call.names["name"], since=_INSPECT_PLATFORM_SINCE)
    details = call.engine.images.inspect(call.names["name"])
    return answer(shapes.image_details(details, call.version))


async def history(call: Call) -> web.Response:
    """``docker history``."""
    _check_platform(call, call.names["name"], since=_PLATFORM_SINCE)
    return answer(call.engine.images.history(call.names["name"]))


async def tag(call: Call) -> web.Response:
    """``docker tag``."""
    if not call.text("repo"):
        return empty(HTTPStatus.OK)  # so does Docker: nothing to do, and nobody told
    call.engine.images.tag(call.names["name"], call.text("repo"), call.text("tag"))
    return empty(HTTPStatus.CREATED)


async def remove(call: Call) -> web.Response:
    """``docker rmi``."""
    name = call.names["name"]
    if not name.strip():
        raise InvalidParameter("image name cannot be blank")
    removals = await call.engine.images.remove(
        name, force=call.flag("force"), prune=not call.flag("noprune")
    )
    return answer(removals)


async def prune(call: Call) -> web.Response:
    """``docker image prune``."""
    return answer(await call.engine.images.prune(call.filters()))


async def create(call: Call) -> web.StreamResponse:
    """``docker pull``, or ``docker import`` where no image to pull is named."""
    platform = _platform(call)
    if call.text("fromImage"):
        return await _pull(call, platform)
    source = call.text("fromSrc")
    if source == "-":
        return await send_lines(call, _import(call, body(call), platform))
    address = source if "://" in source else f"http://{source}"
    async with opened(address) as response:
        begin = Progress(status=f"Downloading from {address}")
        return await send_lines(call, _after(begin, _import(call, pieces(response), platform)))


async def _after(
    first: Progress, records: AsyncGenerator[Progress, None]
) -> AsyncGenerator[Progress, None]:
    yield first
    async with aclosing(records):
        async for record in records:
            yield record


def _import(
    call: Call, parts: AsyncIterator[bytes], platform: Platform | None
) -> AsyncGenerator[Progress, None]:
    source = call.text("fromSrc")
    return call.engine.images.import_tar(
        parts,
        reference=parse_target(call.text("repo"), call.text("tag")),
        message=call.text("message") or f"Imported from {source}",
        changes=tuple(call.texts("changes")),
        platform=platform,
    )


async def _pull(call: Call, platform: Platform | None) -> web.StreamResponse:
    # `docker pull --all-tags` sends a name with a colon at its end.
    reference = parse_with_tag(call.text("fromImage").removesuffix(":"), call.text("tag"))
    if reference.familiar_name == "scratch":
        raise Forbidden("'scratch' is a reserved name")
    images, credentials = call.engine.images, _credentials(call)
    pull = images.pull if reference.tag or reference.digest else images.pull_all
    records = pull(reference, platform=platform, credentials=credentials)
    return await send_lines(call, records)


async def load(call: Call) -> web.StreamResponse:
    """``docker load``."""
    records = call.engine.images.load(body(call), quiet=call.flag("quiet", default=True))
    # Docker has sent its 200 before it reads the archive.
    return await send_lines(call, records, refuse=False)


async def save(call: Call) -> web.StreamResponse:
    """``docker save``."""
    names = [call.names["name"]] if "name" in call.names else list(call.texts("names"))
    wanted = _named_platform(call, _PLATFORM_SINCE)
    if wanted is not None:
        _check_exports(call, names, wanted)
    async with aclosing(call.engine.images.save(names)) as parts:
        first = await anext(parts, b"")  # what can be refused is refused before it
        response = await call.begin(stream(_TAR))
        await response.write(first)
        async for part in parts:
            await response.write(part)
    return response


async def push(call: Call) -> web.StreamResponse:
    """``docker push``."""
    reference = parse_with_tag(call.names["name"], call.text("tag"))
    if reference.digest:
        raise InvalidParameter("cannot push a digest reference")
    records = call.engine.images.push(reference, credentials=_credentials(call))
    return await send_lines(call, records)


async def search(call: Call) -> web.Response:
    """``docker search``."""
    which = wanted(call.filters(), call.integer("limit") or 0)
    return answer(await call.engine.distribution.search(call.text("term"), which))


async def body(call: Call) -> AsyncIterator[bytes]:
    """The request's body as it comes.

    Raises:
        InvalidParameter: the client stopped in the middle of it.

    """
    try:
        async for part in call.request.content.iter_any():
            yield part
    except web.RequestPayloadError as error:
        raise InvalidParameter("unexpected EOF") from error


def _check_platform(call: Call, name: str, *, since: Version) -> None:
    """Refuse an image that is for another platform than the one that is asked about.

    An image here is for one platform, so that there is nothing to choose.
    """
    wanted = _named_platform(call, since)
    if wanted is not None:
        call.engine.images.resolve(name, platform=wanted)


def _check_exports(call: Call, names: Iterable[str], wanted: Platform) -> None:
    """Refuse to save images that are there, and not for this platform."""
    images = call.engine.images
    for name in names:
        try:
            images.resolve(name)
        except NotFound:
            continue  # `save` has words of its own for it
        try:
            images.resolve(name, platform=wanted)
        except NotFound:
            shown = platforms.format_platform(wanted)
            raise NotFound(f"no suitable export target found for platform {shown}") from None


def _named_platform(call: Call, since: Version) -> Platform | None:
    """The platform in a request's query, which is JSON here."""
    text = call.text("platform") if call.version >= since else ""
    if not text:
        return None
    try:
        document = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise InvalidParameter(f"failed to parse platform: {error}") from None
    if not (document.get("os") and document.get("architecture")):
        raise InvalidParameter("both OS and Architecture must be provided")
    return Platform(
        os=document["os"],
        architecture=document["architecture"],
        variant=document.get("variant", ""),
    )


def _platform(call: Call) -> Platform | None:
    text = call.text("platform")
    return platforms.parse(text) if text and call.version >= Version(1, 32) else None


def _credentials(call: Call) -> Credentials:
    """The client's credentials; what cannot be read counts as none, as in Docker."""
    try:
        return decode_registry_auth(call.request.headers.get("X-Registry-Auth", ""))
    except InvalidParameter:
        return ANONYMOUS


async def distribution(call: Call) -> web.Response:
    """What a registry has under a name, without pulling it."""
    found = await call.engine.distribution.inspect(
        parse(call.names["name"]), credentials=_credentials(call)
    )
    listed = [shapes.without_empty(shapes.document(each), "variant") for each in found.platforms]
    return answer({"Descriptor": found.descriptor, "Platforms": listed})


routes = (
    Route("GET", "/images/json", index),
    Route("GET", "/images/search", search),
    Route("GET", "/images/get", save),
    Route("GET", "/images/{name}/get", save),
    Route("GET", "/images/{name}/history", history),
    Route("GET", "/images/{name}/json", inspect),
    Route("POST", "/images/load", load),
    Route("POST", "/images/create", create),
    Route("POST", "/images/{name}/push", push),
    Route("POST", "/images/{name}/tag", tag),
    Route("POST", "/images/prune", prune),
    Route("DELETE", "/images/{name}", remove),
    Route("GET", "/distribution/{name}/json", distribution),
)
