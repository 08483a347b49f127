"""The containers' service over real images, snapshots and runtimes.

It mounts and runs containers, so ``test_containers_service.py`` isolates it.
"""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dockerlab.engine import mount
from dockerlab.engine.containers.attachment import Attachment
from dockerlab.engine.containers.backlog import Backlog
from dockerlab.engine.containers.config import (
    ContainerConfig,
    HostConfig,
    LogConfig,
    MountPoint,
    RestartPolicy,
)
from dockerlab.engine.containers.exec_instance import ExecConfig
from dockerlab.engine.containers.logs.reading import Query
from dockerlab.engine.containers.machine import survey
from dockerlab.engine.containers.model import Status, Waited
from dockerlab.engine.containers.updating import Changes
from dockerlab.engine.engine import Engine, Settings
from dockerlab.engine.errors import (
    CommandNotExecutable,
    CommandNotFound,
    Conflict,
    InvalidParameter,
    NotFound,
    NotImplementedHere,
    NotModified,
    SystemFailure,
)
from dockerlab.engine.filters import Filters
from dockerlab.engine.reference import parse
from dockerlab.engine.runtime.membership import members
from dockerlab.engine.runtime.process import start_time
from tests.engines.images import busybox

ROOT = not mount.in_user_namespace()
SINGLE_ID = not survey().has_id(1)


class Place:
    """An engine with one image, ``busybox``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.containers = engine.containers

    async def create(self, *command: str, name: str = "", **options: Any) -> str:
        """Create a container; options go where their names belong."""
        of_host = {k: v for k, v in options.items() if k in HostConfig.__struct_fields__}
        of_config = {k: v for k, v in options.items() if k not in of_host}
        of_host.setdefault("network_mode", "none")
        created = await self.containers.create(
            name=name or None,
            config=ContainerConfig(image="busybox", cmd=command or None, **of_config),
            host=HostConfig(**of_host),
        )
        return created.id

    async def run(self, *command: str, stdin: bytes | None = None, **options: Any) -> "Ran":
        """What ``docker run`` does, in its order."""
        if stdin is not None:
            options |= {"open_stdin": True, "stdin_once": True}
        container = await self.create(*command, **options)
        attached = await self.containers.attach(
            container, stdin=stdin is not None, stdout=True, stderr=True
        )
        waiting = await self.containers.wait(container, condition="next-exit")
        await self.containers.start(container)
        if stdin is not None:
            await attached.write(stdin)
            await attached.close_stdin()
        out, err = await collect(attached)
        return Ran(container, (await waiting).status_code, out, err)

    async def start(self, *command: str, **options: Any) -> str:
        """What ``docker run -d`` does."""
        container = await self.create(*command, **options)
        await self.containers.start(container)
        return container

    async def logs(self, container: str, **query: Any) -> bytes:
        frames = await self.containers.logs(container, Query(**query))
        return b"".join([frame.data async for frame in frames])

    def actions(self, container: str) -> list[str]:
        return [event.action for event in self.engine.events.recent() if event.id == container]


class Ran:
    """How a container ended, and what it wrote."""

    def __init__(self, container: str, code: int, out: bytes, err: bytes) -> None:
        self.id, self.code, self.out, self.err = container, code, out.decode(), err.decode()


async def collect(attached: Attachment) -> tuple[bytes, bytes]:
    output = {1: bytearray(), 2: bytearray()}
    async for stream, data in attached:
        output[stream] += data
    return bytes(output[1]), bytes(output[2])


async def until(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait for something to hold."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


def log_holds(place: Place, container: str, text: bytes) -> bool:
    home = place.engine.root / "containers" / container
    return text in (home / f"{container}-json.log").read_bytes()


def names_in(directory: str | Path) -> list[str]:
    return sorted(path.name for path in Path(directory).iterdir())


async def import_image(engine: Engine) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield busybox().layers[0].tar

    changes = ("CMD sh", "ENV WHO=image")
    async for _ in engine.images.import_tar(body(), reference=parse("busybox"), changes=changes):
        pass


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    engine = await Engine.open(Settings(root=tmp_path / "engine"))
    await import_image(engine)
    place = Place(engine)
    yield place
    await engine.containers.stop_all(timeout=0)
    await engine.close()


# Running.


async def test_output_of_both_streams_and_the_exit_code(place: Place) -> None:
    ran = await place.run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ran.code, ran.out, ran.err) == (3, "out\n", "err\n")
    state = place.containers.get(ran.id).state
    assert (state.status, state.exit_code, state.pid) == (Status.EXITED, 3, 0)
    assert 0 < state.started_at <= state.finished_at


async def test_everything_is_told_in_docker_order(place: Place) -> None:
    ran = await place.run("sh", "-c", "exit 4", labels={"a": "b"})
    assert place.actions(ran.id) == ["create", "attach", "start", "die"]
    died = place.engine.events.recent()[-1]
    assert died.attributes["exitCode"] == "4"
    assert died.attributes["image"] == "busybox"
    assert died.attributes["a"] == "b"
    await place.containers.remove(ran.id)
    assert place.actions(ran.id)[-1] == "destroy"


async def test_auto_remove_ends_with_nothing_left(place: Place) -> None:
    container = await place.create("true", auto_remove=True)
    waiting = await place.containers.wait(container, condition="removed")
    await place.containers.start(container)
    assert await waiting == Waited(0)
    with pytest.raises(NotFound):
        place.containers.get(container)
    await place.containers.close()
    assert not list((place.engine.root / "containers").iterdir())
    assert not list((place.engine.root / "runtime" / "containers").iterdir())
    assert {info.name for info in place.engine.snapshots.walk() if info.kind == "active"} == set()


async def test_no_byte_is_lost_however_slowly_it_is_read(place: Place) -> None:
    container = await place.create("sh", "-c", "seq 1 200000; echo end >&2")
    attached = await place.containers.attach(container, stdout=True, stderr=True)
    await place.containers.start(container)
    received = bytearray()
    async for stream, data in attached:
        received += data if stream == 1 else b""
        await asyncio.sleep(0.001)
    assert bytes(received) == b"".join(b"%d\n" % number for number in range(1, 200001))
    assert await place.logs(container, stderr=False) == bytes(received)


async def test_a_client_that_stopped_reading_does_not_stop_the_container(place: Place) -> None:
    container = await place.create("sh", "-c", "seq 1 300000")
    attached = await place.containers.attach(container, stdout=True)
    attached.backlog = Backlog(stalled=0.2)
    waiting = await place.containers.wait(container, condition="next-exit")
    await place.containers.start(container)
    assert (await waiting).status_code == 0
    out, _ = await collect(attached)
    assert out.count(b"\n") == 300000


async def test_input_ends_where_the_client_ends_it(place: Place) -> None:
    data = b"x" * 300000 + b"\n"
    ran = await place.run("cat", stdin=data)
    assert ran.out.encode() == data


async def test_a_terminal(place: Place) -> None:
    container = await place.create(
        "sh", "-c", "tty; stty size; read line; stty size; echo got $line; echo oops >&2; exit 5",
        tty=True, open_stdin=True, stdin_once=True, console_size=(33, 101),
    )  # fmt: skip
    attached = await place.containers.attach(container, stdin=True, stdout=True, stderr=True)
    waiting = await place.containers.wait(container, condition="next-exit")
    await place.containers.start(container)
    await asyncio.sleep(0.3)
    await place.containers.resize(container, height=44, width=111)
    await attached.write(b"hello\n")
    out, err = await collect(attached)
    lines = out.decode().split("\r\n")
    assert lines == ["/dev/pts/0", "33 101", "hello", "44 111", "got hello", "oops", ""]
    assert err == b""
    assert (await waiting).status_code == 5
    assert "TERM=xterm" in (await place.run("env", tty=True)).out


async def test_keys_detach_and_the_container_goes_on(place: Place) -> None:
    container = await place.create(
        "sh", "-c", "while read line; do echo [$line]; done", tty=True, open_stdin=True
    )
    attached = await place.containers.attach(container, stdin=True, stdout=True)
    await place.containers.start(container)
    await attached.write(b"one\n\x10")
    await until(lambda: log_holds(place, container, b"[one]"))
    await attached.write(b"\x11")
    out, _ = await collect(attached)
    assert b"\x11" not in out
    assert place.containers.get(container).state.running
    assert place.actions(container)[-1] == "detach"
    again = await place.containers.attach(
        container, stdin=True, stdout=True, detach_keys="ctrl-x,x", logs=True
    )
    await again.write(b"two\n\x18x")
    assert b"[one]" in (await collect(again))[0]
    await place.containers.kill(container)


async def test_commands_that_cannot_run(place: Place) -> None:
    container = await place.create("nosuch")
    with pytest.raises(CommandNotFound) as raised:
        await place.containers.start(container)
    state = place.containers.get(container).state
    assert (state.status, state.exit_code, state.error) == (
        Status.CREATED, 127, str(raised.value)
    )  # fmt: skip
    container = await place.create("/etc/passwd")
    with pytest.raises(CommandNotExecutable, match='exec: "/etc/passwd": permission denied'):
        await place.containers.start(container)
    assert place.containers.get(container).state.exit_code == 126
    await place.containers.remove(container)


async def test_a_container_that_does_not_start_is_removed_if_it_was_to_be(place: Place) -> None:
    container = await place.create("nosuch", auto_remove=True)
    waiting = await place.containers.wait(container, condition="removed")
    with pytest.raises(CommandNotFound):
        await place.containers.start(container)
    await waiting
    with pytest.raises(NotFound):
        place.containers.get(container)


# What is asked for.


async def test_environment_and_working_directory(place: Place) -> None:
    ran = await place.run("sh", "-c", "pwd; echo $A $WHO $HOME", env=("A=1",), working_dir="/a/b")
    assert ran.out == "/a/b\n1 image /root\n"
    ran = await place.run("sh", "-c", "echo $WHO; hostname", env=("WHO=me",), hostname="box")
    assert ran.out == "me\nbox\n"
    with pytest.raises(InvalidParameter, match="Cannot mkdir: /etc/passwd is not a directory"):
        await place.run("true", working_dir="/etc/passwd")


async def test_users(place: Place) -> None:
    with pytest.raises(SystemFailure, match="unable to find user nosuch: no matching entries"):
        await place.run("true", user="nosuch")
    with pytest.raises(SystemFailure, match="unable to find group nosuch: no matching entries"):
        await place.run("true", user="0:nosuch")
    with pytest.raises(InvalidParameter, match="must be in range 0-2147483647"):
        await place.run("true", user="99999999999")
    if SINGLE_ID:
        with pytest.raises(SystemFailure, match="does not exist here"):
            await place.run("id", user="guest")
        return
    ran = await place.run("sh", "-c", "id -u; id -g; id -G; echo $HOME", user="guest")
    assert ran.out == "1000\n1000\n1000 50\n/home/guest\n"
    ran = await place.run("sh", "-c", "id -u; id -g; cat /proc/self/status", user="77:50")
    assert ran.out.startswith("77\n50\n")
    assert "CapEff:\t0000000000000000" in ran.out


async def test_capabilities_are_docker_s(place: Place) -> None:
    show = ("sh", "-c", "grep -E 'CapEff|NoNewPrivs' /proc/self/status")
    assert "00000000a80425fb" in (await place.run(*show)).out
    assert "0000000000000000" in (await place.run(*show, cap_drop=("ALL",))).out
    added = await place.run(*show, cap_add=("NET_ADMIN",))
    assert "00000000a80435fb" in added.out
    quiet = await place.run(*show, security_opt=("no-new-privileges",))
    assert "NoNewPrivs:\t1" in quiet.out


async def test_devices_and_other_namespaces_are_out_of_reach(place: Place) -> None:
    ran = await place.run("sh", "-c", "mknod /tmp/sda b 8 0; mknod /tmp/mem c 1 1; unshare -m true")
    assert ran.code != 0
    assert ran.err.count("ermission denied") + ran.err.count("not permitted") == 3


async def test_mounts(place: Place, tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("from the host\n")
    binds = (f"{tmp_path}/host:/in", f"{tmp_path}/host:/ro:ro", f"{tmp_path}/new/dir:/new")
    script = "cat /in/file; echo back > /in/back; echo x > /ro/x; touch /new/made; ls /tmp"
    ran = await place.run("sh", "-c", script, binds=binds, tmpfs={"/tmp": "size=1m"})
    assert ran.out == "from the host\n"
    assert "Read-only file system" in ran.err
    assert (tmp_path / "host" / "back").read_text() == "back\n"
    assert (tmp_path / "new" / "dir" / "made").exists()
    with pytest.raises(InvalidParameter, match="bind source path does not exist"):
        await place.create("true", mounts=(MountPoint(type="bind", source="/no/x", target="/x"),))
    with pytest.raises(InvalidParameter, match="Duplicate mount point: /x"):
        await place.create("true", binds=("/a:/x", "/b:/x"))


async def test_read_only_root_and_anonymous_volumes(place: Place) -> None:
    script = "echo no > /no; echo yes > /vol/yes; cat /vol/yes; cat /etc/passwd | head -1"
    ran = await place.run("sh", "-c", script, readonly_rootfs=True, volumes={"/vol": {}})
    assert ran.out == "yes\nroot:x:0:0:root:/root:/bin/sh\n"
    assert "Read-only file system" in ran.err
    filled = await place.run("ls", "/etc", volumes={"/etc": {}})
    assert "passwd\n" in filled.out
    (kept,) = place.containers.get(filled.id).spec.mounts
    assert "passwd" in names_in(kept.source)
    for each in (ran, filled):
        await place.containers.remove(each.id)
    assert not names_in(place.engine.root / "containers")


async def test_networks(place: Place) -> None:
    assert (await place.run("ls", "/sys/class/net")).out == "lo\n"
    up = await place.run("sh", "-c", "cat /sys/class/net/lo/flags")
    assert int(up.out, 16) & 1, "the loopback interface is down"
    ours = names_in("/sys/class/net")
    shared = await place.run("ls", "/sys/class/net", network_mode="host")
    assert sorted(shared.out.split()) == ours
    container = await place.create("true", network_mode="nosuch")
    with pytest.raises(NotFound, match="network nosuch not found"):
        await place.containers.start(container)


async def test_an_init_program(place: Place) -> None:
    ran = await place.run("sh", "-c", "echo $$; ps -o comm | head -2", init=True)
    assert ran.code == 0
    assert ran.out.split("\n")[0] != "1"


async def test_the_network_of_another_container(place: Place) -> None:
    show = ("readlink", "/proc/self/ns/net")
    donor = await place.start("sleep", "100")
    joined = await place.run(*show, network_mode=f"container:{donor[:12]}")
    pid = place.containers.get(donor).state.pid
    assert joined.out.strip() == str(Path(f"/proc/{pid}/ns/net").readlink())
    assert (await place.run(*show)).out != joined.out
    assert place.containers.get(joined.id).spec.host.network_mode == f"container:{donor}"
    await place.containers.remove(donor, force=True)
    with pytest.raises(NotFound, match="joining network namespace of container: No such"):
        await place.containers.start(joined.id)


async def test_the_processes_of_another_container(place: Place) -> None:
    donor = await place.start("sleep", "1000")
    joined = await place.start("sleep", "1001", pid_mode=f"container:{donor[:12]}")
    pids = [place.containers.get(each).state.pid for each in (donor, joined)]
    assert len({Path(f"/proc/{pid}/ns/pid").readlink() for pid in pids}) == 1
    for pid in pids:
        assert set(members(pid)) == {pid}
    await place.containers.kill(donor)
    waiting = await place.containers.wait(joined)
    assert (await waiting).status_code == 137  # the kernel ends all with the first
    with pytest.raises(Conflict, match=f"failed to join PID namespace: container {donor} is not"):
        await place.containers.start(joined)


async def test_what_is_left_in_the_namespace_of_another_ends(place: Place) -> None:
    donor = await place.start("sleep", "1000")
    command = ("sh", "-c", "sleep 100200 & echo $!")
    joined = await place.run(*command, pid_mode=f"container:{donor}")
    assert joined.code == 0
    deadline = time.monotonic() + 15
    while any(b"100200" in _command_line(path) for path in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes().rpartition(b"sleep")[2]
    except OSError:
        return b""


async def test_the_shared_memory_of_another_container(place: Place) -> None:
    donor = await place.start("sh", "-c", "echo hi > /dev/shm/x; sleep 1000", ipc_mode="shareable")
    show = ("sh", "-c", "until cat /dev/shm/x; do sleep 0.01; done; readlink /proc/self/ns/ipc")
    joined = await place.run(*show, ipc_mode=f"container:{donor}")
    pid = place.containers.get(donor).state.pid
    assert joined.out.split() == ["hi", str(Path(f"/proc/{pid}/ns/ipc").readlink())]
    private = await place.start("sleep", "1000")
    with pytest.raises(InvalidParameter, match="non-shareable IPC"):
        await place.run("true", ipc_mode=f"container:{private}")
    await place.containers.remove(donor, force=True)
    assert f"/{donor}/shm" not in Path("/proc/self/mountinfo").read_text()


async def test_a_part_of_a_volume_is_mounted_by_its_handle(place: Place) -> None:
    fill = "mkdir -p /v/part/deep; echo hi > /v/part/f; ln -s part /v/link; ln -s / /v/out"
    await place.run("sh", "-c", fill, mounts=(_part(""),))
    assert (await place.run("ls", "/v", mounts=(_part("link"),))).out == "deep\nf\n"
    assert (await place.run("cat", "/v", mounts=(_part("part/f"),))).out == "hi\n"
    read_only = msgspec.structs.replace(_part("part"), read_only=True)
    assert (await place.run("touch", "/v/x", mounts=(read_only,))).code == 1
    with pytest.raises(InvalidParameter, match="escapes the base directory"):
        await place.run("ls", "/v", mounts=(_part("out"),))
    with pytest.raises(NotFound, match=r"cannot access path .*/nosuch: lstat"):
        await place.run("ls", "/v", mounts=(_part("nosuch"),))
    assert "/parts/" not in Path("/proc/self/mountinfo").read_text()


def _part(subpath: str) -> MountPoint:
    options = {"Subpath": subpath}
    return MountPoint(type="volume", source="parted", target="/v", volume_options=options)


async def test_limits_where_the_machine_has_them(place: Place) -> None:
    created = await place.containers.create(
        config=ContainerConfig(image="busybox", cmd=("true",)),
        host=HostConfig(memory=64 * 2**20, pids_limit=50, network_mode="none"),
    )
    able = place.containers.controllers
    assert len(created.warnings) == (not able.memory) + (not able.pids)
    await place.containers.start(created.id)
    waiting = await place.containers.wait(created.id)
    assert (await waiting).status_code == 0
    kept = place.containers.get(created.id).spec.host
    assert (kept.memory, kept.pids_limit) == (64 * 2**20 * able.memory, 50 if able.pids else None)


_GREEDY = "a=x; while :; do a=$a$a; done"


async def test_a_container_killed_for_want_of_memory(place: Place) -> None:
    if not place.containers.controllers.memory:
        pytest.skip("this user may not limit memory")
    ran = await place.run("sh", "-c", _GREEDY, memory=20 * 2**20)
    assert ran.code == 137
    assert place.containers.get(ran.id).state.oom_killed
    assert place.actions(ran.id)[-2:] == ["oom", "die"]


async def test_a_limit_that_comes_later(place: Place) -> None:
    """The container has no control group until then, and afterwards ``exec`` is in it too."""
    if not place.containers.controllers.pids:
        pytest.skip("this user may not limit processes")
    container = await place.start("sleep", "100")
    assert place.containers.update(container, Changes(pids_limit=8)) == ()
    many = "for i in 1 2 3 4 5 6 7 8; do sleep 100 & done"
    execs = place.containers.execs
    chosen = execs.create(container, ExecConfig(cmd=("sh", "-c", many)))
    await execs.start(chosen.id)
    assert await execs.wait(chosen.id) == 2  # ash cannot fork
    assert place.containers.update(container, Changes(pids_limit=-1)) == ()
    assert place.containers.get(container).spec.host.pids_limit == 0
    await place.containers.remove(container, force=True)


async def test_what_cannot_be_limited_later(place: Place) -> None:
    able = place.containers.controllers
    container = await place.create("true", memory=64 * 2**20)
    changes = Changes(memory=32 * 2**20, cpu_shares=10, restart_policy=RestartPolicy("always"))
    warnings = place.containers.update(container, changes)
    assert len(warnings) == (not able.memory) + (not able.cpu)
    host = place.containers.get(container).spec.host
    assert (host.memory, host.memory_swap) == (
        (32 * 2**20, 128 * 2**20) if able.memory else (0, -1)
    )
    assert host.restart_policy.name == "always"
    with pytest.raises(InvalidParameter, match="Minimum memory limit allowed is 6MB"):
        place.containers.update(container, Changes(memory=1000))
    if able.memory:
        with pytest.raises(Conflict, match="update the memoryswap at the same time"):
            place.containers.update(container, Changes(memory=2**30))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"working_dir": "a"}, "the working directory 'a' is invalid, it needs to be an absolute"),
        ({"cap_add": ("FOO",)}, 'invalid CapAdd: unknown capability: "CAP_FOO"'),
        ({"memory": 100}, "Minimum memory limit allowed is 6MB"),
        ({"stop_signal": "FOO"}, "invalid signal: FOO"),
        ({"env": ("=x",)}, "invalid environment variable: =x"),
        ({"restart_policy": RestartPolicy("foo")}, "unknown policy 'foo'"),
        ({"log_config": LogConfig("foo")}, 'plugin "foo" not found'),
        ({"runtime": "foo"}, "unknown or invalid runtime name: foo"),
        ({"entrypoint": ("",)}, "no command specified"),
        ({"tmpfs": {"x": ""}}, "invalid mount path: 'x' mount path must be absolute"),
    ],
)
async def test_what_is_malformed_is_refused(
    place: Place, options: dict[str, Any], sentence: str
) -> None:
    command = () if "entrypoint" in options else ("true",)
    with pytest.raises(InvalidParameter, match=re.escape(sentence)):
        await place.create(*command, **options)
    assert place.containers.list(every=True) == ()
    assert not list((place.engine.root / "containers").iterdir())


# The life cycle.


async def test_stop_kills_what_does_not_listen(place: Place) -> None:
    deaf = await place.start("sh", "-c", "trap '' TERM; sleep 1000 & wait; sleep 1000")
    await asyncio.sleep(0.2)
    await place.containers.stop(deaf, timeout=1)
    assert place.containers.get(deaf).state.exit_code == 137
    assert place.actions(deaf) == ["create", "start", "kill", "kill", "die", "stop"]
    with pytest.raises(NotModified):
        await place.containers.stop(deaf)
    polite = await place.start("sh", "-c", "trap 'exit 9' USR1; while :; do sleep 0.05; done")
    await asyncio.sleep(0.3)
    await place.containers.stop(polite, signal="USR1")
    assert place.containers.get(polite).state.exit_code == 9


async def test_start_again_keeps_what_was_written(place: Place) -> None:
    container = await place.start("sh", "-c", "echo run >> /runs; cat /runs")
    await (await place.containers.wait(container))
    await place.containers.start(container)
    await (await place.containers.wait(container))
    assert await place.logs(container) == b"run\nrun\nrun\n"
    running = await place.start("sleep", "1000")
    with pytest.raises(NotModified):
        await place.containers.start(running)
    await place.containers.restart(running, timeout=0)
    assert place.containers.get(running).state.running
    assert place.actions(running)[-4:] == ["die", "stop", "start", "restart"]


async def test_kill(place: Place) -> None:
    container = await place.start("sleep", "1000")
    with pytest.raises(InvalidParameter, match="invalid signal: FOO"):
        await place.containers.kill(container, "FOO")
    await place.containers.kill(container)
    assert place.containers.get(container).state.exit_code == 137
    with pytest.raises(Conflict, match=f"container {container} is not running"):
        await place.containers.kill(container)


async def test_pause(place: Place) -> None:
    container = await place.start("sh", "-c", "while :; do echo x; sleep 0.05; done")
    if not ROOT:
        with pytest.raises(NotImplementedHere, match="cannot pause here"):
            await place.containers.pause(container)
        return
    await place.containers.pause(container)
    await asyncio.sleep(0.2)
    before = await place.logs(container)
    await asyncio.sleep(0.3)
    assert await place.logs(container) == before
    with pytest.raises(Conflict, match="is already paused"):
        await place.containers.pause(container)
    with pytest.raises(Conflict, match="container is paused and must be unpaused first"):
        await place.containers.remove(container)
    await place.containers.unpause(container)
    await asyncio.sleep(0.3)
    assert await place.logs(container) != before
    await place.containers.pause(container)
    await place.containers.remove(container, force=True)


async def test_removal(place: Place) -> None:
    container = await place.start("sleep", "1000", name="sleeper")
    sentence = 'cannot remove container "sleeper": container is running: stop the container before'
    with pytest.raises(Conflict, match=sentence):
        await place.containers.remove("sleeper")
    waiting = await place.containers.wait(container, condition="removed")
    await place.containers.remove("/sleeper", force=True)
    await waiting
    assert place.containers.list(every=True) == ()
    with pytest.raises(NotFound, match="No such container: sleeper"):
        await place.containers.remove("sleeper")


async def test_ten_removals_at_once_remove_once(place: Place) -> None:
    container = await place.start("sleep", "1000")
    removals = [place.containers.remove(container, force=True) for _ in range(10)]
    outcomes = await asyncio.gather(*removals, return_exceptions=True)
    assert all(isinstance(o, Conflict | NotFound | None) for o in outcomes), outcomes
    assert place.actions(container).count("destroy") == 1


async def test_names(place: Place) -> None:
    first = await place.create("true", name="one")
    with pytest.raises(Conflict, match=f'name "/one" is already in use by container "{first}"'):
        await place.create("true", name="one")
    with pytest.raises(InvalidParameter, match=r"Invalid container name \(a/b\), only"):
        await place.create("true", name="a/b")
    generated = await place.create("true")
    assert "_" in place.containers.get(generated).name
    place.containers.rename("one", "two")
    assert place.containers.get("/two").id == place.containers.get(first[:8]).id == first
    with pytest.raises(NotFound):
        place.containers.get("one")
    with pytest.raises(Conflict, match="Error when allocating new name: Conflict"):
        place.containers.rename(generated, "two")


async def test_wait_conditions(place: Place) -> None:
    container = await place.create("sh", "-c", "exit 6")
    assert await (await place.containers.wait(container)) == Waited(0)
    waiting = await place.containers.wait(container, condition="next-exit")
    await place.containers.start(container)
    assert await waiting == Waited(6)
    assert await (await place.containers.wait(container)) == Waited(6)
    with pytest.raises(InvalidParameter, match='invalid condition: "never"'):
        await place.containers.wait(container, condition="never")


async def test_restart_policies(place: Place) -> None:
    policy = RestartPolicy("on-failure", 2)
    container = await place.start("sh", "-c", "echo x; exit 1", restart_policy=policy)
    for _ in range(100):
        await asyncio.sleep(0.1)
        state = place.containers.get(container).state
        if state.status is Status.EXITED and state.restart_count == 2:
            break
    assert await place.logs(container) == b"x\nx\nx\n"
    always = await place.start("true", restart_policy=RestartPolicy("always"))
    for _ in range(300):
        await asyncio.sleep(0.1)
        if place.containers.get(always).state.restart_count > 0:
            break
    with contextlib.suppress(NotModified):
        await place.containers.stop(always)
    count = place.containers.get(always).state.restart_count
    assert count > 0
    await asyncio.sleep(0.5)
    assert place.containers.get(always).state.restart_count == count


async def test_lists(place: Place) -> None:
    ended = await place.run("true", labels={"kind": "short"})
    running = await place.start("sleep", "1000", name="long", labels={"kind": "long"})

    def listed(**filters: str) -> list[str]:
        wanted = Filters({name: (value,) for name, value in filters.items()})
        return [each.id for each in place.containers.list(every=True, filters=wanted)]

    assert [each.id for each in place.containers.list()] == [running]
    assert [each.id for each in place.containers.list(every=True)] == [running, ended.id]
    assert [each.id for each in place.containers.list(limit=1)] == [running]
    assert listed(status="exited") == listed(exited="0") == listed(before="long") == [ended.id]
    assert listed(name="lon") == listed(label="kind=long") == listed(id=running[:9]) == [running]
    assert listed(ancestor="busybox") == [running, ended.id]
    with pytest.raises(InvalidParameter, match="invalid filter 'foo'"):
        listed(foo="x")
    with pytest.raises(InvalidParameter, match=r"invalid value for state \(foo\)"):
        listed(status="foo")


# Logs.


async def test_logs_follow_until_the_end(place: Place) -> None:
    container = await place.start("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done")
    assert await place.logs(container, follow=True) == b"1\n2\n3\n"
    assert await place.logs(container, tail=2) == b"2\n3\n"
    assert await place.logs(container, tail=0) == b""
    stamped = (await place.logs(container, tail=1, timestamps=True)).split()
    assert stamped[1] == b"3"
    assert stamped[0].endswith(b"Z")


async def test_rotated_logs_lose_no_line_that_is_kept(place: Place) -> None:
    options = LogConfig("json-file", {"max-size": "20k", "max-file": "3"})
    container = await place.create("seq", "1", "2000", log_config=options)
    frames = place.logs(container, follow=True)
    await place.containers.start(container)
    await (await place.containers.wait(container))
    assert (await frames).endswith(b"1999\n2000\n")
    numbers = [int(line) for line in (await place.logs(container)).split()]
    assert numbers == list(range(numbers[0], 2001))
    assert await place.logs(container, tail=700) == b"".join(
        b"%d\n" % number for number in numbers[-700:]
    )
    home = place.engine.root / "containers" / container
    assert len(list(home.glob("*-json.log*"))) == 3


# After the engine was killed.

_VICTIM = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.integration.containers_suite import Engine, Place, Settings, import_image

async def main():
    engine = await Engine.open(Settings(root=Path(sys.argv[1])))
    await import_image(engine)
    place = Place(engine)
    await place.start("sleep", "1000", name="kept")
    await place.start("sleep", "1000", name="passing", auto_remove=True)
    await place.create("true", name="new")
    await place.create("true", name="half")
    half = engine.containers.get("half")
    engine.containers._register.change(half.id, status="removing")
    engine.snapshots.remove(half.id)
    print(engine.containers.get("kept").state.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_killed_engine_is_recovered_from(tmp_path: Path) -> None:
    root = tmp_path / "engine"
    command = [sys.executable, "-c", _VICTIM, str(root)]
    ran = await asyncio.to_thread(
        subprocess.run, command, cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    survivor = int(ran.stdout)
    assert start_time(survivor)
    engine = await Engine.open(Settings(root=root))
    found = {each.name: each for each in engine.containers.list(every=True)}
    assert set(found) == {"kept", "new"}
    assert (found["kept"].state.status, found["kept"].state.exit_code) == (Status.EXITED, 137)
    await until(lambda: not start_time(survivor))
    place = Place(engine)
    await engine.containers.start("kept")
    await engine.containers.start("new")
    assert names_in(root / "containers") == sorted(each.id for each in found.values())
    await place.containers.stop_all(timeout=0)
    await engine.close()
