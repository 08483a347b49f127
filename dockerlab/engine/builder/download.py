"""``ADD`` of an address: what is there, as a file."""

import asyncio
import os
import posixpath
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from dockerlab.engine.builder.copying import Item
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.sources import Tree
from dockerlab.engine.distribution.address import opened, pieces
from dockerlab.engine.dockerfile.instructions import Copy
from dockerlab.engine.errors import EngineError, SystemFailure
from dockerlab.engine.progress import Progress
from dockerlab.engine.unpack.source import refuse_above

if TYPE_CHECKING:
    import aiohttp

_UNNAMED = "__unnamed__"
_REPORT_EVERY = 0.1


async def fetch(
    address: str, folder: Path, step: Copy, output: Output, *, limit: int | None = None
) -> Item:
    """Download ``address`` into the empty directory ``folder``.

    Raises:
        SystemFailure: there is nothing to be had, no name for it, or more than ``limit`` bytes.

    """
    try:
        async with opened(address) as response:
            name = _name(response)
            place = folder / (name or _UNNAMED)
            await _save(response, place, output, limit)
            _date(place, response.headers.get("Last-Modified", ""))
    except EngineError as error:
        raise SystemFailure(f"{step.command} failed: {error}") from error
    await output.line("")
    if not name and step.destination.endswith("/"):
        raise SystemFailure(
            f"{step.command} failed: cannot determine filename for source {address}"
        )
    tree = Tree(folder)
    return Item(tree, place.name, await asyncio.to_thread(tree.checksum, place.name), True)


def _name(response: "aiohttp.ClientResponse") -> str:
    """What the file is called: as the address ends, or as the server says."""
    path = unquote(urlsplit(str(response.url)).path)
    header = Message()
    header["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    for text in (path, header.get_filename("") or ""):
        if text and not text.endswith("/"):
            name = posixpath.basename(text)
            if name not in ("", ".", "..") and "\0" not in name:
                return name
    return ""


async def _save(
    response: "aiohttp.ClientResponse", place: Path, output: Output, limit: int | None
) -> None:
    total = response.content_length
    current, told = 0, 0.0
    clock = asyncio.get_running_loop().time
    with place.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        async for piece in pieces(response):
            current += len(piece)
            refuse_above(limit, current, what="file")
            file.write(piece)
            if clock() - told > _REPORT_EVERY or current == total:
                told = clock()
                record = Progress(status="Downloading", current=current, total=total)
                await output.record(record)


def _date(place: Path, modified: str) -> None:
    try:
        moment = parsedate_to_datetime(modified)
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError):
        seconds = 0
    os.utime(place, (seconds, seconds))
