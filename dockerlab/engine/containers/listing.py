"""Which containers a list shows: ``docker ps`` and its filters."""

from collections.abc import Iterable
from contextlib import suppress

from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import InvalidParameter, NotFound
from dockerlab.engine.filters import Filters
from dockerlab.engine.images.service import Images

FILTERS = frozenset(
    {
        "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label",
        "name", "network", "publish", "since", "status", "volume",
    }
)  # fmt: skip
_STATES = tuple(Status)


def select(
    register: Register, images: Images, *, every: bool, limit: int, filters: Filters
) -> tuple[Container, ...]:
    """The containers that are asked for, newest first; see ``Containers.list``."""
    filters.check(FILTERS)
    _check_states(filters)
    found: Iterable[Container] = register.all()
    if not (every or limit > 0 or _names_states(filters)):
        found = [container for container in found if container.state.running]
    found = [container for container in found if _meets(container, filters)]
    found = _between(register, list(found), filters)
    if "ancestor" in filters:
        found = _descendants(found, images, filters)
    return tuple(found)[:limit] if limit > 0 else tuple(found)


def _names_states(filters: Filters) -> bool:
    """Whether the filters speak of containers that may have ended; then all are looked at."""
    return any(name in filters for name in ("status", "exited", "before", "since"))


def _check_states(filters: Filters) -> None:
    for value in filters.values("status"):
        if value not in _STATES:
            raise InvalidParameter(
                f"invalid filter 'status={value}': invalid value for state ({value}):"
                f" must be one of {', '.join(_ORDERED)}"
            )
    for value in filters.values("exited"):
        if not value.lstrip("-").isdecimal():
            raise InvalidParameter(f"invalid filter 'exited={value}'")
    for value in filters.values("health"):
        if value not in ("starting", "healthy", "unhealthy", "none"):
            raise InvalidParameter(f"invalid filter 'health={value}'")


_ORDERED = ("created", "running", "paused", "restarting", "removing", "exited", "dead")


def _meets(container: Container, filters: Filters) -> bool:
    spec, state = container.spec, container.state
    exited = filters.values("exited")
    return (
        filters.prefix("id", container.id)
        and (filters.matches("name", container.name) or filters.matches("name", _slash(container)))
        and filters.labels("label", spec.config.labels or {})
        and filters.exactly("status", state.status)
        and (not exited or (_has_ended(container) and str(state.exit_code) in exited))
        and filters.exactly("health", state.health.status if state.health else "none")
        and filters.exactly("network", _network(spec.host.network_mode))
        and _has_volume(container, filters)
        and not filters.boolean("is-task", default=False)
        and _has_port(container, filters)
    )


def _slash(container: Container) -> str:
    return f"/{container.name}"


def _network(mode: str) -> str:
    return "bridge" if mode == "default" else mode


def _has_ended(container: Container) -> bool:
    return not container.state.running and bool(container.state.finished_at)


def _has_volume(container: Container, filters: Filters) -> bool:
    wanted = filters.values("volume")
    places = {mount.destination for mount in container.spec.mounts}
    places |= {mount.name or mount.source for mount in container.spec.mounts}
    return not wanted or bool(places & set(wanted))


def _has_port(container: Container, filters: Filters) -> bool:
    for name, ports in (
        ("expose", container.spec.config.exposed_ports),
        ("publish", container.spec.host.port_bindings),
    ):
        wanted = filters.values(name)
        if wanted and not {port if "/" in port else f"{port}/tcp" for port in wanted} & set(
            ports or ()
        ):
            return False
    return True


def _between(register: Register, found: list[Container], filters: Filters) -> list[Container]:
    """Those older than every ``before`` and newer than every ``since``."""
    for value in filters.values("before"):
        other = register.find(value)
        found = [container for container in found if container.created < other.created]
    for value in filters.values("since"):
        other = register.find(value)
        found = [container for container in found if container.created > other.created]
    return found


def _descendants(found: Iterable[Container], images: Images, filters: Filters) -> list[Container]:
    """Those made from one of the images named."""
    same: set[str] = set()
    for value in filters.values("ancestor"):
        with suppress(NotFound, InvalidParameter):
            same.add(images.resolve(value).image_id)
    return [container for container in found if container.image_id in same]
