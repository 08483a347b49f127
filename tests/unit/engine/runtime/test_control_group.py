"""Control groups of both versions, in directories that stand for the kernel's."""

import os
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


def _group(path: Path, *, down: str = "", members: str = "") -> None:
    path.mkdir(parents=True, exist_ok=True)
    (path / "cgroup.controllers").write_text(down)
    (path / "cgroup.subtree_control").write_text(down)
    (path / "cgroup.procs").write_text(members)
    (path / "cgroup.events").touch()  # only the machine's root has none


def _own(tmp_path: Path, path: str) -> Path:
    file = tmp_path / "own"
    file.write_text(f"0::{path}\n")
    return file


def test_the_nearest_group_that_hands_down_most_is_taken(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    _group(root, down="cpu memory pids", members="1\n")
    _group(root / "user", down="cpu memory pids")
    _group(root / "user/manager", down="cpu memory pids")
    _group(root / "user/manager/app", down="memory pids")
    _group(root / "user/manager/app/x", down="cpu memory pids", members="7\n8\n")
    found = controllers(root, _own(tmp_path, "/user/manager/app/x"))
    assert (found.version, found.path, found.groups) == (2, "/user/manager", True)
    assert (found.memory, found.pids, found.cpu, found.cpuset) == (True, True, True, False)
    group = ControlGroup("abc", root, path=found.path)
    group.enter([9])
    assert (root / "user/manager/dockerlab/abc/cgroup.procs").read_text() == "9"


def test_who_is_alone_in_a_group_moves_below_it(tmp_path: Path) -> None:
    root, own = tmp_path / "cgroup", tmp_path / "cgroup/scope"
    _group(root, down="memory", members="1\n")
    _group(own, down="memory pids", members=f"{os.getpid()}\n")
    found = controllers(root, _own(tmp_path, "/scope"))
    assert (found.path, found.groups, found.memory) == ("/scope", True, True)
    assert (own / "dockerlab-engine/cgroup.procs").read_text() == str(os.getpid())


def test_a_group_of_others_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    _group(root, down="memory", members="1\n")
    _group(root / "session", down="memory pids", members=f"{os.getpid()}\n7\n")
    found = controllers(root, _own(tmp_path, "/session"))
    assert (found.groups, found.limited) == (False, False)


def test_what_can_be_limited(first: Path, tmp_path: Path) -> None:
    assert version_of(first) == 1
    found = controllers(tmp_path)
    assert not any(path.name.startswith("dockerlab-probe") for path in first.rglob("*"))
    if found.limited:  # not where these tests run in a user namespace
        assert all((found.memory, found.pids, found.cpu, found.cpuset))
