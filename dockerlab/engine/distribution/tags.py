"""The tags of a repository (OCI distribution specification, "Listing Tags")."""

import re
from urllib.parse import urljoin

import msgspec

from dockerlab.engine.distribution.endpoint import origin
from dockerlab.engine.distribution.registry import RegistryRepository
from dockerlab.engine.errors import SystemFailure

_MOST_PAGES = 1000
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = None


async def list_tags(repository: RegistryRepository) -> tuple[str, ...]:
    """Every tag, in the registry's order, over as many pages as it takes.

    Raises as ``RegistryRepository.request``, and SystemFailure for what is no list of tags.
    """
    tags: list[str] = []
    url: str | None = repository.url("tags/list")
    for _ in range(_MOST_PAGES):
        if url is None:
            break
        headers, data = await repository.document(url, accept="application/json")
        try:
            tags.extend(msgspec.json.decode(data, type=_Tags).tags or ())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SystemFailure(f"{url} is no list of tags: {error}") from error
        url = _next_page(url, headers.get("Link", ""))
    return tuple(dict.fromkeys(tags))


def _next_page(url: str, link: str) -> str | None:
    """Where RFC 8288's Link header leads, unless that is another server."""
    found = _NEXT.search(link)
    target = urljoin(url, found[1]) if found else None
    return target if target and origin(target) == origin(url) else None
