"""Write a Linux program with nothing but Python: the smallest that says something and ends.

An executable file in ELF (System V ABI, chapter 4 "Object Files"; 64-bit, little-endian) needs
three things, and this one has nothing else:

    offset 0     ELF header, 64 bytes       what kind of machine, where the first instruction is
    offset 64    program headers, 2 × 56    what to load into memory, and with which rights
    offset 176   machine code, 33 bytes (x86-64)    write(1, text, length); exit(0)
    then         the text

The first program header says: load the whole file at `BASE`, readable and executable. The second,
GNU_STACK, says that the stack need not be executable. There is no libc, no section table, no
symbol: the code speaks to the kernel itself by its two system calls, so the image that holds this
file needs no other file. That is what `FROM scratch` means.
"""

import struct
from enum import Enum

BASE = 0x400000
"""The address in memory at which the file is loaded; by custom that of small programs."""

_HEADER_SIZE, _PROGRAM_HEADER_SIZE, _PROGRAM_HEADERS = 64, 56, 2
_CODE_OFFSET = _HEADER_SIZE + _PROGRAM_HEADERS * _PROGRAM_HEADER_SIZE
_PAGE = 0x10000  # arm64 kernels may use pages of 64 KiB; x86-64 is content with that too

_EXECUTABLE = 2  # e_type ET_EXEC
_LOAD, _GNU_STACK = 1, 0x6474E551  # p_type
_EXECUTE, _WRITE, _READ = 1, 2, 4  # p_flags


class Machine(Enum):
    """A processor, with ELF's number for it (`e_machine`)."""

    AMD64 = 62
    ARM64 = 183


def say_and_exit(text: str, machine: Machine) -> bytes:
    r"""Return an executable that writes `text` to its standard output and ends with code 0.

    `text` is at most 65,535 bytes in UTF-8: what one arm64 instruction can hold as a length.

    Raises:
        ValueError: It is longer.

    >>> program = say_and_exit("Hello!", Machine.AMD64)
    >>> program[:4], len(program)
    (b'\x7fELF', 215)

    """
    data = text.encode()
    if len(data) > 0xFFFF:
        raise ValueError("text is longer than 65,535 bytes")
    code = _amd64(len(data)) if machine is Machine.AMD64 else _arm64(len(data))
    size = _CODE_OFFSET + len(code) + len(data)
    load = _program_header(_LOAD, _READ | _EXECUTE, BASE, size, _PAGE)
    stack = _program_header(_GNU_STACK, _READ | _WRITE, 0, 0, 16)
    return _header(machine) + load + stack + code + data


def _header(machine: Machine) -> bytes:
    identification = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)  # 64-bit, little-endian, version 1
    rest = struct.pack(
        "<HHIQQQIHHHHHH",
        _EXECUTABLE,
        machine.value,
        1,  # e_version
        BASE + _CODE_OFFSET,  # e_entry: the first instruction
        _HEADER_SIZE,  # e_phoff: the program headers follow at once
        0,  # e_shoff: no section headers, those are for linkers and debuggers
        0,  # e_flags
        _HEADER_SIZE,
        _PROGRAM_HEADER_SIZE,
        _PROGRAM_HEADERS,
        0,
        0,
        0,
    )
    return identification + rest


def _program_header(kind: int, flags: int, address: int, size: int, alignment: int) -> bytes:
    offset = 0
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, size, size, alignment)


def _amd64(length: int) -> bytes:
    """Linux on x86-64: the call's number in rax, its arguments in rdi, rsi, rdx."""
    before = b"\xb8" + struct.pack("<I", 1)  # mov eax, 1        write
    before += b"\xbf" + struct.pack("<I", 1)  # mov edi, 1        standard output
    after = b"\xba" + struct.pack("<I", length)  # mov edx, length
    after += b"\x0f\x05"  # syscall
    after += b"\xb8" + struct.pack("<I", 60)  # mov eax, 60       exit
    after += b"\x31\xff"  # xor edi, edi      code 0
    after += b"\x0f\x05"  # syscall
    # lea rsi, [rip + distance]: the text begins where the code ends.
    return before + b"\x48\x8d\x35" + struct.pack("<i", len(after)) + after


def _arm64(length: int) -> bytes:
    """Linux on arm64: the call's number in x8, its arguments in x0, x1, x2; 4 bytes each."""
    instructions = [
        _mov(0, 1),  # mov x0, 1         standard output
        0,  # adr x1, text      filled in below
        _mov(2, length),  # mov x2, length
        _mov(8, 64),  # mov x8, 64        write
        0xD4000001,  # svc 0
        _mov(0, 0),  # mov x0, 0         code 0
        _mov(8, 93),  # mov x8, 93        exit
        0xD4000001,  # svc 0
    ]
    place = 1
    distance = 4 * (len(instructions) - place)  # from the adr itself to the text
    instructions[place] = 0x10000001 | (distance & 3) << 29 | (distance >> 2) << 5
    return struct.pack(f"<{len(instructions)}I", *instructions)


def _mov(register: int, value: int) -> int:
    """`movz`: put a 16-bit value into a register."""
    return 0xD2800000 | value << 5 | register
