"""The supervisor is what its sources say, and does what they say, on both kinds of processors."""

import os
import platform
import struct
import subprocess
from pathlib import Path

import pytest

from dockerlab.engine.errors import NotImplementedHere
from dockerlab.engine.runtime import supervisor
from tests.engines.programs import from_package, need

_SOURCES = Path(supervisor.__file__).parent


@pytest.mark.parametrize("machine", supervisor.CODE)
def test_the_bytes_are_those_of_the_source(machine: str, tmp_path: Path) -> None:
    ours = machine == platform.machine()
    prefix = "" if ours else f"{machine.replace('_', '-')}-linux-gnu-"
    package = "binutils" + ("" if ours else f"-{machine.replace('_', '-')}-linux-gnu")
    assembler = need(f"{prefix}as", package=package)
    linked, code = tmp_path / "x.o", tmp_path / "x.bin"
    subprocess.run([assembler, _SOURCES / f"{machine}.s", "-o", linked], check=True)
    objcopy = [f"{prefix}objcopy", "-O", "binary", "-j", ".text", str(linked), str(code)]
    subprocess.run(objcopy, check=True)
    assert code.read_bytes() == supervisor.CODE[machine]


@pytest.mark.parametrize("machine", supervisor.CODE)
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/bin/sh", "sh", "-c", "exit 7"], [7 << 8]),
        (["/bin/sh", "sh", "-c", "kill -9 $$"], [9]),
        (["/bin/sh", "sh", "-c", 'test "$0$1" = onetwo', "one", "two"], [0]),
        (["/no/such", "x"], [-2, 255 << 8]),
    ],
)
def test_it_tells_how_its_process_ended(
    machine: str, arguments: list[str], told: list[int], tmp_path: Path
) -> None:
    numbers = _run(machine, arguments, tmp_path)
    assert numbers[0] > 1
    assert numbers[1:] == told


def test_other_processors_are_refused() -> None:
    with pytest.raises(NotImplementedHere, match="riscv64"):
        supervisor.executable("riscv64")


def _run(machine: str, arguments: list[str], directory: Path) -> list[int]:
    program = directory / "supervisor"
    program.write_bytes(supervisor.executable(machine))
    program.chmod(0o700)
    command = [str(program), *arguments]
    if machine != platform.machine():
        emulator = from_package("qemu-user-static", f"usr/bin/qemu-{machine}-static")
        command.insert(0, str(emulator))
    reading, writing = os.pipe()
    child = os.posix_spawn(
        command[0],
        command,
        {"PATH": "/usr/bin:/bin"},
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, supervisor.CHANNEL)],
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as channel:
        data = channel.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return [number for (number,) in struct.iter_unpack("=i", data)]
