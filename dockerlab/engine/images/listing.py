"""Lists of images: ``docker images`` with its filters."""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from dockerlab.engine.filters import Filters
from dockerlab.engine.images.inspection import created_seconds
from dockerlab.engine.images.library import Library, references
from dockerlab.engine.images.model import Summary
from dockerlab.engine.images.pattern import compile_pattern
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import ChainID, ImageID
from dockerlab.engine.reference import Reference
from dockerlab.engine.timestamp import parse_moment, parse_rfc3339

ACCEPTED = frozenset({"dangling", "label", "before", "since", "reference", "until"})


class _View(msgspec.Struct, frozen=True):
    """The images asked for, and what a summary of each needs to know of all."""

    filters: Filters
    names: Callable[[Reference], bool]
    parents: frozenset[ImageID]
    used: dict[ImageID, int]
    every: bool


def summaries(
    library: Library, *, every: bool = False, filters: Filters, shared_size: bool = False
) -> tuple[Summary, ...]:
    """The images that meet the filters, newest first.

    ``every`` lists those too that only others were built from. ``shared_size`` has the bytes
    counted that each image shares with others.

    Raises:
        InvalidParameter: a filter or its value is malformed.
        NotFound: an image named by ``before`` or ``since`` is not there.

    """
    filters.check(ACCEPTED)
    view = _View(
        filters=filters,
        names=_name_filter(filters),
        parents=library.records.parents(),
        used=library.records.use_counts(),
        every=every,
    )
    dangling = filters.boolean("dangling", default=False)
    in_time = _time_filter(library, filters)
    images = library.records.all()
    found = [
        summary
        for image in images
        if in_time(image)
        and not (dangling and image.image_id in view.parents)
        and (summary := _summary(library, image, view=view, dangling=dangling))
    ]
    found.sort(key=lambda summary: -summary.created)
    return _with_shared_sizes(library, found, images) if shared_size else tuple(found)


def _summary(library: Library, image: Image, *, view: _View, dangling: bool) -> Summary | None:
    config = library.config(image)
    labels = config.config.labels if config.config else None
    if "label" in view.filters and not view.filters.labels("label", labels or {}):
        return None
    wanted = [name for name in references(image) if view.names(name)]
    if not wanted:
        hidden = image.image_id in view.parents and not view.every
        named_only = "reference" in view.filters or ("dangling" in view.filters and not dangling)
        if hidden or named_only:
            return None
    elif dangling and any(name.tag for name in wanted):
        return None
    return Summary(
        id=image.image_id,
        parent_id=image.parent or "",
        repo_tags=tuple(name.familiar for name in wanted if name.tag),
        repo_digests=tuple(name.familiar for name in wanted if name.digest),
        created=created_seconds(config),
        size=image.size,
        shared_size=-1,
        labels=labels,
        containers=view.used.get(image.image_id, 0),
    )


def _name_filter(filters: Filters) -> Callable[[Reference], bool]:
    if "reference" not in filters:
        return lambda _: True
    patterns = [compile_pattern(text) for text in filters.values("reference")]
    return lambda name: any(
        pattern.fullmatch(text)
        for pattern in patterns
        for text in (name.familiar, name.familiar_name)
    )


def _time_filter(library: Library, filters: Filters) -> Callable[[Image], bool]:
    def created(image: Image) -> int | None:
        text = library.config(image).created
        return parse_rfc3339(text) if text else None

    def moments(name: str) -> Iterable[int]:
        for value in filters.values(name):
            moment = created(library.resolve(value))
            if moment is not None:
                yield moment

    before = [*moments("before"), *(parse_moment(text) for text in filters.values("until"))]
    since = [*moments("since")]
    latest, earliest = min(before, default=None), max(since, default=None)

    def within(image: Image) -> bool:
        if latest is None and earliest is None:
            return True
        moment = created(image)
        return (
            moment is not None
            and (latest is None or moment < latest)
            and (earliest is None or moment > earliest)
        )

    return within


def _with_shared_sizes(
    library: Library, found: Iterable[Summary], images: Iterable[Image]
) -> tuple[Summary, ...]:
    layers = {layer.chain_id: layer for layer in library.layers.all()}
    chains: dict[ImageID, list[ChainID]] = {}
    for image in images:
        chain, below = [], image.chain_id
        while below is not None:
            chain.append(below)
            below = layers[below].parent
        chains[image.image_id] = chain
    users = Counter(chain_id for chain in chains.values() for chain_id in chain)
    return tuple(
        msgspec.structs.replace(
            summary,
            shared_size=sum(layers[i].size for i in chains[summary.id] if users[i] > 1),
        )
        for summary in found
    )
