import json

import pytest

from dockerlab.engine.errors import EngineError, InvalidParameter, NotFound
from dockerlab.engine.filters import Filters
from tests.unit.engine.images.conftest import BASE, CHILD, OTHER, Lab


def names(lab: Lab, filters: str = "", *, every: bool = False) -> list[str]:
    found = lab.images.list(every=every, filters=Filters.from_json(filters))
    return [", ".join(summary.repo_tags) or "<none>" for summary in found]


@pytest.fixture
async def full(lab: Lab) -> Lab:
    await lab.load(BASE.archive("base:1", "base:2"))
    await lab.load(CHILD.archive("team/child:1"))
    await lab.load(OTHER.archive())
    return lab


async def test_newest_first(full: Lab) -> None:
    assert names(full) == ["<none>", "team/child:1", "base:1, base:2"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"dangling": ["true"]}, ["<none>"]),
        ({"dangling": ["false"]}, ["team/child:1", "base:1, base:2"]),
        ({"label": ["l"]}, ["team/child:1", "base:1, base:2"]),
        ({"label": ["l=2"]}, ["team/child:1"]),
        ({"label": ["l=2", "child=no"]}, []),
        ({"before": ["team/child:1"]}, ["base:1, base:2"]),
        ({"since": ["base:1"]}, ["<none>", "team/child:1"]),
        ({"since": ["base:1"], "before": ["team/child:1"]}, []),
        ({"until": ["2021-06-01"]}, ["team/child:1", "base:1, base:2"]),
        ({"reference": ["base"]}, ["base:1, base:2"]),
        ({"reference": ["base:2"]}, ["base:2"]),
        ({"reference": ["*"]}, ["base:1, base:2"]),
        ({"reference": ["*/*"]}, ["team/child:1"]),
        ({"reference": ["ba?e:[13]", "team/child"]}, ["team/child:1", "base:1"]),
        ({"reference": ["nothing"]}, []),
    ],
)
async def test_filters(full: Lab, filters: dict[str, list[str]], found: list[str]) -> None:
    assert names(full, json.dumps(filters)) == found


@pytest.mark.parametrize(
    ("filters", "error", "sentence"),
    [
        ({"nosuch": ["1"]}, InvalidParameter, "invalid filter 'nosuch'"),
        ({"dangling": ["x"]}, InvalidParameter, "invalid filter 'dangling=[x]'"),
        ({"before": ["zz"]}, NotFound, "No such image: zz:latest"),
        ({"reference": ["["]}, EngineError, "syntax error in pattern"),
        (
            {"until": ["zz"]},
            InvalidParameter,
            'failed to parse value as time or duration: "zz"',
        ),
    ],
)
async def test_malformed_filters(
    full: Lab, filters: dict[str, list[str]], error: type[EngineError], sentence: str
) -> None:
    with pytest.raises(error) as refused:
        names(full, json.dumps(filters))
    assert str(refused.value) == sentence


async def test_sizes_are_counted_as_docker_counts(full: Lab) -> None:
    child, base = (summary for summary in full.images.list(shared_size=True) if summary.repo_tags)
    assert (base.size, base.shared_size) == (1100, 1100)
    assert (child.size, child.shared_size) == (6100, 1100)
    assert full.images.list()[0].shared_size == -1


async def test_containers_are_counted(full: Lab) -> None:
    full.use(CHILD, "c1", status="exited")
    full.use(CHILD, "c2", status="running")
    assert [summary.containers for summary in full.images.list()] == [0, 2, 0]


async def test_times_long_ago(lab: Lab) -> None:
    ancient = type(BASE)(BASE.layers, created="0001-01-01T00:00:00Z")
    await lab.load(ancient.archive("ancient:1"))
    assert lab.images.list()[0].created == -62_135_596_800
