import pytest

from dockerlab.engine.events import Event
from dockerlab.engine.filters import Filters
from dockerlab.engine.server.events import document, wanted

CONTAINER = Event(
    type="container",
    action="start",
    id="c" * 64,
    time_nano=1_500_000_000_000_000_001,
    attributes={"image": "busybox:1", "name": "one", "key": "value"},
)
IMAGE = Event(
    type="image", action="tag", id="sha256:0", time_nano=5, attributes={"name": "busybox:1"}
)
HEALTH = Event(type="container", action="health_status: healthy", id="c" * 64, time_nano=7)


@pytest.mark.parametrize(
    ("event", "filters", "passes"),
    [
        (CONTAINER, "", True),
        (CONTAINER, '{"type": ["container"]}', True),
        (CONTAINER, '{"type": ["image"]}', False),
        (CONTAINER, '{"event": ["start", "die"]}', True),
        (CONTAINER, '{"event": ["sta"]}', False),
        (CONTAINER, '{"container": ["one"]}', True),
        (CONTAINER, '{"container": ["cccc"]}', True),
        (CONTAINER, '{"container": ["two"]}', False),
        (CONTAINER, '{"image": ["busybox"]}', True),
        (CONTAINER, '{"image": ["busybox:1"]}', True),
        (CONTAINER, '{"image": ["other"]}', False),
        (CONTAINER, '{"label": ["key=value"]}', True),
        (CONTAINER, '{"label": ["key=other"]}', False),
        (CONTAINER, '{"scope": ["swarm"]}', False),
        (IMAGE, '{"image": ["busybox"], "event": ["tag"]}', True),
        (IMAGE, '{"container": ["one"]}', False),
        (HEALTH, '{"event": ["health_status"]}', True),
    ],
)
def test_filters(event: Event, filters: str, passes: bool) -> None:
    assert wanted(Filters.from_json(filters))(event) is passes


def test_an_event_has_its_old_names_and_its_new_ones() -> None:
    assert document(CONTAINER) == {
        "status": "start",
        "id": "c" * 64,
        "from": "busybox:1",
        "Type": "container",
        "Action": "start",
        "Actor": {
            "ID": "c" * 64,
            "Attributes": {"image": "busybox:1", "name": "one", "key": "value"},
        },
        "scope": "local",
        "time": 1_500_000_000,
        "timeNano": 1_500_000_000_000_000_001,
    }
