"""The program that Python writes runs."""

import platform
import struct
import subprocess
from pathlib import Path

import pytest

from dockerlab.standins.catalog import GREETING
from dockerlab.standins.elf import BASE, Machine, say_and_exit
from tests.engines.programs import from_package

HERE = {"x86_64": Machine.AMD64, "aarch64": Machine.ARM64}.get(platform.machine())


def run(program: bytes, folder: Path, *with_: str) -> subprocess.CompletedProcess[bytes]:
    path = folder / "hello"
    path.write_bytes(program)
    path.chmod(0o755)
    return subprocess.run([*with_, str(path)], capture_output=True, check=False)


@pytest.mark.skipif(HERE is None, reason="neither x86-64 nor arm64")
@pytest.mark.parametrize("text", ["", "hi\n", GREETING, "中文\n", "x" * 0xFFFF])
def test_it_says_its_text_and_ends_with_zero(tmp_path: Path, text: str) -> None:
    assert HERE is not None
    done = run(say_and_exit(text, HERE), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, text.encode(), b"")


@pytest.mark.parametrize(
    ("machine", "emulator"), [(Machine.ARM64, "aarch64"), (Machine.AMD64, "x86_64")]
)
def test_it_runs_on_the_other_processor_too(
    tmp_path: Path, machine: Machine, emulator: str
) -> None:
    program = from_package("qemu-user-static", f"usr/bin/qemu-{emulator}-static")
    done = run(say_and_exit(GREETING, machine), tmp_path, str(program))
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, GREETING, b"")


@pytest.mark.parametrize("machine", list(Machine))
def test_the_header_says_what_it_is(machine: Machine) -> None:
    program = say_and_exit("x", machine)
    kind, number, _, entry, first_header = struct.unpack_from("<HHIQQ", program, 16)
    assert (kind, number, first_header) == (2, machine.value, 64)
    assert BASE <= entry < BASE + len(program)
    assert len(program) < 250


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        say_and_exit("x" * 0x10000, Machine.AMD64)
