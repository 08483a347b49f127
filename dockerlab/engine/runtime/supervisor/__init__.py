"""The smallest supervisor: the first process of a container under proot, in 220 bytes.

proot exits with the status of whichever process ended last, with 255 where a signal ended it, and
only when all have ended. So the engine cannot learn from it how the container's own process ended.
This program is started by proot, starts that process in a session of its own (with the terminal,
if there is one), collects orphans as PID 1 would, and writes to file descriptor 3, as 32-bit
numbers: the process's pid, a negative errno if it could not be executed, its wait status.

An image may hold no shell and no library, so it is machine code of its own. The sources are
``x86_64.s`` and ``aarch64.s``; a test assembles them and compares. ``as x86_64.s -o x.o && objcopy
-O binary -j .text x.o x.bin`` makes the bytes anew. ELF: elf(5).
"""

import platform
import struct
from collections.abc import Mapping
from pathlib import Path

from dockerlab.engine.errors import NotImplementedHere

CHANNEL = 3
"""The file descriptor that it writes to."""

CODE: Mapping[str, bytes] = {
    "x86_64": bytes.fromhex("""
        4889e5488b45004c8d64c510b89d000000bf01000000be090000000f05b89d00
        0000bf24000000be010000000f05b8390000000f0585c0744289c350e8230000
        00b83d00000048c7c7ffffffff4889e631d24531d20f0539d875e6e804000000
        31ffeb72b801000000bf03000000488d742408ba040000000f05c3b89d000000
        bf01000000be090000000f05b8700000000f05b81000000031ffbe0e54000031
        d20f05b848000000bf03000000be02000000ba010000000f05b83b000000488b
        7d10488d75184c89e20f0550e893ffffffbfff000000b8e70000000f05
    """),
    "aarch64": bytes.fromhex("""
        f3030091600240f9740e008b94420091ff4300d1200080d2210180d2e81480d2
        010000d4800480d2210080d2e81480d2010000d4200280d2010080d2020080d2
        030080d2040080d2881b80d2010000d4c00200b4f503002a0d00009400008092
        e1030091020080d2030080d2882080d2010000d41f00156b21ffff54e00340b9
        03000094000080d21f000014e00300b9600080d2e1030091820080d2080880d2
        010000d4c0035fd6200080d2210180d2e81480d2010000d4a81380d2010000d4
        000080d2c1818ad2020080d2a80380d2010000d4600080d2410080d2220080d2
        280380d2010000d4600a40f961620091e20314aaa81b80d2010000d4e4ffff97
        e01f80d2c80b80d2010000d4
    """),
}
_MACHINES = {"x86_64": 62, "aarch64": 183}
_ADDRESS = 0x400000
_HEADERS = 64 + 56


def executable(machine: str) -> bytes:
    """The program for a machine, as ``uname -m`` calls it.

    Raises:
        NotImplementedHere: there is none for that machine.

    """
    if machine not in CODE:
        raise NotImplementedHere(f"proot cannot be used on {machine} processors yet")
    code = CODE[machine]
    size = _HEADERS + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    start = _ADDRESS + _HEADERS
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, _MACHINES[machine], 1, start, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x10000)
    return identity + header + segment + code


def install(directory: Path) -> Path:
    """Write the program into ``directory``, if it is not there yet; where it is."""
    path = directory / "supervisor"
    program = executable(platform.machine())
    if not path.exists() or path.read_bytes() != program:
        new = path.with_suffix(".new")
        new.write_bytes(program)
        new.chmod(0o700)
        new.replace(path)
    return path
