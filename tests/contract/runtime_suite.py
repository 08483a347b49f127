"""One suite over each runtime. It runs containers, so ``test_runtime.py`` isolates it."""

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dockerlab.engine.errors import CommandNotExecutable, CommandNotFound, NotFound
from dockerlab.engine.runtime.probe import AnyRuntime, open_runtime, sys_mount
from dockerlab.engine.runtime.process import kill_survivor, start_time
from dockerlab.engine.runtime.runtime import ExitStatus, Process, Stdio
from tests.engines.images import busybox

ID = "a" * 64


class Place:
    """A runtime, and one bundle for it."""

    def __init__(self, runtime: AnyRuntime, directory: Path) -> None:
        self.runtime = runtime
        self.bundle = directory / "bundle"
        root = self.bundle / "rootfs"
        root.mkdir(parents=True)
        tar = ["tar", "--extract", "--no-same-owner", "--directory", str(root)]
        subprocess.run(tar, input=busybox().layers[0].tar, check=True)

    def configure(self, *args: str, terminal: bool = False) -> None:
        """Write a config.json that runs ``args``."""
        mounts: list[dict[str, Any]] = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["newinstance", "ptmxmode=0666", "mode=0620"],
            },
            sys_mount(own_network=False),
        ]
        namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
        document = {
            "ociVersion": "1.0.0",
            "process": self.process(*args, terminal=terminal),
            "root": {"path": "rootfs"},
            "mounts": mounts,
            "linux": {"namespaces": namespaces},
        }
        (self.bundle / "config.json").write_text(json.dumps(document))

    def process(self, *args: str, terminal: bool = False) -> dict[str, Any]:
        return {
            "terminal": terminal,
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin"],
            "cwd": "/",
        }

    async def run(self, *args: str) -> tuple[Process, int]:
        """Run ``args``; the process, and where its standard output can be read."""
        self.configure(*args)
        null = os.open(os.devnull, os.O_RDWR)
        reading, writing = os.pipe()
        try:
            process = await self.runtime.run(ID, self.bundle, stdio=Stdio(null, writing, writing))
        finally:
            os.close(null)
            os.close(writing)
        return process, reading

    async def output(self, *args: str) -> tuple[ExitStatus, bytes]:
        process, reading = await self.run(*args)
        with os.fdopen(reading, "rb") as output:
            data = await asyncio.to_thread(output.read)
        return await process.wait(), data


@pytest.fixture(params=["crun", "runc", "proot"])
async def place(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    own_mounts = request.param != "proot"
    runtime = await open_runtime(
        tmp_path / "state", own_mounts=own_mounts, programs=(request.param,)
    )
    assert runtime.program.startswith(request.param)
    yield Place(runtime, tmp_path)
    await runtime.delete(ID)
    runtime.close()


async def test_output_and_exit_code_are_the_process_own(place: Place) -> None:
    status, output = await place.output("sh", "-c", "echo hello; exit 7")
    assert (status, output) == (ExitStatus(7), b"hello\n")


async def test_a_container_can_be_run_again_once_it_is_deleted(place: Place) -> None:
    for _ in range(5):
        assert (await place.output("true"))[0] == ExitStatus(0)
        await place.runtime.delete(ID)


async def test_a_signal_gives_128_and_its_number(place: Place) -> None:
    process, reading = await place.run("sleep", "1000")
    os.close(reading)
    await place.runtime.kill(ID, signal.SIGKILL)
    assert await process.wait() == ExitStatus(137)
    assert await process.wait() == ExitStatus(137)
    assert process.ended
    with pytest.raises(NotFound):
        process.send_signal(signal.SIGTERM)


async def test_every_process_ends_with_the_first(place: Place) -> None:
    process, reading = await place.run("sh", "-c", "sleep 1000 & echo started; wait")
    assert os.read(reading, 100) == b"started\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert await asyncio.to_thread(os.read, reading, 100) == b""
    os.close(reading)


async def test_what_outlived_its_engine_is_ended_by_the_next(place: Place, tmp_path: Path) -> None:
    """Though that died before it could write down which process it had started."""
    process, reading = await place.run("sleep", "1000")
    os.close(reading)
    own_mounts = place.runtime.name != "proot"
    program = place.runtime.program.partition(" ")[0]
    following = await open_runtime(tmp_path / "state", own_mounts=own_mounts, programs=(program,))
    assert (await asyncio.wait_for(process.wait(), 15)).code in (137, 255)
    following.close()
    assert (await place.output("true"))[0] == ExitStatus(0)


async def test_no_such_command(place: Place) -> None:
    with pytest.raises(CommandNotFound, match=r'exec: "nosuch": executable file not found in \$P'):
        await place.run("nosuch")
    with pytest.raises(CommandNotFound, match='exec: "/no/such": stat /no/such: no such file'):
        await place.run("/no/such")


async def test_a_file_that_may_not_be_executed(place: Place) -> None:
    (place.bundle / "rootfs" / "text").write_text("hello")
    with pytest.raises(CommandNotExecutable, match='exec: "/text": permission denied'):
        await place.run("/text")
    assert (await place.output("true"))[0] == ExitStatus(0)


async def test_a_terminal_is_handed_over(place: Place) -> None:
    place.configure("sh", "-c", "tty; exit 3", terminal=True)
    process = await place.runtime.run(ID, place.bundle, stdio=None)
    assert process.console is not None
    assert await process.wait() == ExitStatus(3)
    # Without a namespace of its own for terminals it is not the first.
    assert re.match(rb"/dev/pts/\d+\r\n", os.read(process.console, 100))
    os.close(process.console)


async def test_another_process_in_the_same_container(place: Place) -> None:
    process, reading = await place.run("sleep", "1000")
    os.close(reading)
    reading, writing = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    more = json.dumps(place.process("sh", "-c", "echo $$ > /seen; exit 5")).encode()
    second = await place.runtime.exec(ID, place.bundle, more, stdio=Stdio(null, writing, writing))
    assert await second.wait() == ExitStatus(5)
    assert int((place.bundle / "rootfs" / "seen").read_text()) > 1
    nothing = json.dumps(place.process("nosuch")).encode()
    with pytest.raises(CommandNotFound, match="OCI runtime exec failed"):
        await place.runtime.exec(ID, place.bundle, nothing, stdio=Stdio(null, null, null))
    for handle in (reading, writing, null):
        os.close(handle)
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def test_a_survivor_is_known_by_its_start(place: Place) -> None:
    process, reading = await place.run("sleep", "1000")
    os.close(reading)
    started = start_time(process.pid)
    assert not kill_survivor(process.pid, started + 1)
    assert kill_survivor(process.pid, started)
    assert await process.wait() == ExitStatus(137)
    assert not kill_survivor(process.pid, started)


async def test_nothing_stays_behind(place: Place) -> None:
    for args in (("true",), ("nosuch",)):
        with pytest.raises(CommandNotFound) if args == ("nosuch",) else _Nothing():
            await place.output(*args)
        await place.runtime.delete(ID)
    await asyncio.sleep(0.2)
    assert _children() == []


class _Nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def _children() -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == os.getpid():
            found.append(name)
    return found
