"""Control groups of both versions, in directories that stand for the kernel's."""

from pathlib import Path

import pytest

from dockerlab.engine.errors import SystemFailure
from dockerlab.engine.runtime.cgroups import controllers, version_of
from dockerlab.engine.runtime.control_group import ControlGroup

_LIMITS = {
    "memory": {"limit": 100, "swap": 300, "reservation": 50},
    "pids": {"limit": 7},
    "cpu": {"shares": 1024, "period": 100_000, "quota": 50_000, "cpus": "0"},
}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Version 1: a directory for each controller."""
    for name in ("memory", "pids", "cpu", "cpuset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    return tmp_path


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Version 2: one directory."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.procs").touch()
    return tmp_path


def test_limits_of_version_1(first: Path) -> None:
    group = ControlGroup("abc", first)
    group.enter([1234])
    assert (first / "pids/dockerlab/abc/cgroup.procs").read_text() == "1234"
    group.limit(_LIMITS)
    memory = first / "memory/dockerlab/abc"
    assert (memory / "memory.limit_in_bytes").read_text() == "100"
    assert (memory / "memory.memsw.limit_in_bytes").read_text() == "300"
    assert (memory / "memory.soft_limit_in_bytes").read_text() == "50"
    assert (first / "pids/dockerlab/abc/pids.max").read_text() == "7"
    assert (first / "cpu/dockerlab/abc/cpu.cfs_quota_us").read_text() == "50000"
    assert (first / "cpu/dockerlab/abc/cpu.shares").read_text() == "1024"
    assert (first / "cpuset/dockerlab/abc/cpuset.cpus").read_text() == "0"


def test_limits_of_version_2(second: Path) -> None:
    group = ControlGroup("abc", second)
    group.enter([])
    group.limit({**_LIMITS, "pids": {"limit": 0}})
    own = second / "dockerlab/abc"
    written = {path.name: path.read_text() for path in own.iterdir()}
    assert written == {
        "memory.max": "100",
        "memory.swap.max": "200",
        "memory.low": "50",
        "pids.max": "max",
        "cpu.weight": "39",
        "cpu.max": "50000 100000",
        "cpuset.cpus": "0",
    }


def test_what_the_kernel_refuses_is_told(first: Path) -> None:
    group = ControlGroup("abc", first)
    with pytest.raises(SystemFailure, match=r"write .*/pids/dockerlab/abc/pids\.max: no such file"):
        group.limit({"pids": {"limit": 5}})


def test_a_process_may_run_somewhere_before_it_enters(first: Path) -> None:
    (first / "cpuset/cpuset.cpus").write_text("0-3\n")
    (first / "cpuset/cpuset.mems").write_text("0\n")
    for place in (first / "cpuset/dockerlab", first / "cpuset/dockerlab/abc"):
        place.mkdir()
        (place / "cpuset.cpus").write_text("\n")  # as the kernel makes them
        (place / "cpuset.mems").write_text("\n")
    ControlGroup("abc", first).enter([])
    assert (first / "cpuset/dockerlab/abc/cpuset.cpus").read_text() == "0-3\n"
    assert (first / "cpuset/dockerlab/abc/cpuset.mems").read_text() == "0\n"


@pytest.mark.parametrize(("count", "killed"), [(0, False), (2, True)])
def test_killed_for_want_of_memory(first: Path, count: int, killed: bool) -> None:
    group = ControlGroup("abc", first)
    assert not group.oom_killed()
    group.enter([])
    told = f"oom_kill_disable 0\nunder_oom 0\noom_kill {count}\n"
    (first / "memory/dockerlab/abc/memory.oom_control").write_text(told)
    assert group.oom_killed() is killed


def test_killed_for_want_of_memory_in_version_2(second: Path) -> None:
    group = ControlGroup("abc", second)
    group.enter([])
    (second / "dockerlab/abc/memory.events").write_text("low 0\nmax 9\noom 1\noom_kill 1\n")
    assert group.oom_killed()


def test_what_can_be_limited(first: Path, tmp_path: Path) -> None:
    assert version_of(first) == 1
    found = controllers(tmp_path)
    assert not any(path.name.startswith("dockerlab-probe") for path in first.rglob("*"))
    if found.limited:  # not where these tests run in a user namespace
        assert all((found.memory, found.pids, found.cpu, found.cpuset))
