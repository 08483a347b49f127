"""Removing all containers that do not run: ``docker container prune``."""

from contextlib import suppress

import msgspec

from dockerlab.engine.containers.service import Containers
from dockerlab.engine.errors import EngineError, InvalidParameter
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.timestamp import parse_moment

FILTERS = frozenset({"label", "label!", "until"})


class ContainerPruneReport(msgspec.Struct, frozen=True, rename="pascal"):
    """The containers that were removed, and the bytes of their own that were freed."""

    containers_deleted: tuple[str, ...] | None
    space_reclaimed: int


async def prune(
    containers: Containers, *, snapshots: Snapshotter, events: EventBus, filters: Filters
) -> ContainerPruneReport:
    """Remove the containers that do not run and meet the filters.

    Raises:
        InvalidParameter: a filter or its value is malformed.

    """
    filters.check(FILTERS)
    moments = filters.values("until")
    if len(moments) > 1:
        raise InvalidParameter("more than one until filter specified")
    until = parse_moment(moments[0]) if moments else None
    removed, freed = [], 0
    for container in containers.list(every=True):
        labels = container.spec.config.labels or {}
        unwanted = "label!" in filters and filters.labels("label!", labels)
        late = until is not None and container.created > until
        spared = container.state.running or container.id in containers.building
        if spared or unwanted or late or not filters.labels("label", labels):
            continue
        with suppress(EngineError):  # started or removed by somebody else meanwhile
            size = snapshots.usage(container.id).size
            await containers.remove(container.id)
            removed.append(container.id)
            freed += size
    attributes = {"reclaimed": str(freed)}
    events.publish(type="container", action="prune", id="", attributes=attributes)
    return ContainerPruneReport(tuple(removed) or None, freed)
