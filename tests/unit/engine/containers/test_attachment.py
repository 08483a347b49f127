import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.engine.containers.attachment import DetachKeys, parse_detach_keys
from dockerlab.engine.containers.backlog import Backlog
from dockerlab.engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", b"\x10\x11"),
        ("ctrl-p,ctrl-q", b"\x10\x11"),
        ("a", b"a"),
        ("ctrl-@,ctrl-[,ctrl-_,x", b"\x00\x1b\x1fx"),
        ("CTRL-A", b"\x01"),
    ],
)
def test_keys(text: str, keys: bytes) -> None:
    assert parse_detach_keys(text) == keys


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "abc", "a,,b", "ctrl-pp", "é"])
def test_no_keys(text: str) -> None:
    with pytest.raises(InvalidParameter, match="Unknown character"):
        parse_detach_keys(text)


@given(st.binary(max_size=30), st.binary(min_size=1, max_size=3), st.integers(1, 5))
def test_all_before_the_keys_is_passed_on(data: bytes, keys: bytes, step: int) -> None:
    finder = DetachKeys(keys)
    passed, detached = bytearray(), False
    for piece in _pieces(data, step):
        out, detached = finder.feed(piece)
        passed += out
        if detached:
            break
    passed += finder.rest() if not detached else b""
    if detached:
        assert data.startswith(bytes(passed) + keys)
    else:
        assert bytes(passed) == data


def _pieces(data: bytes, step: int) -> Iterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def test_a_container_waits_for_a_client_that_reads() -> None:
    backlog = Backlog(stalled=60, high=10)
    backlog.put(1, b"x" * 11)
    waiting = asyncio.create_task(backlog.room())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    assert await backlog.get() == (1, b"x" * 11)
    await asyncio.wait_for(waiting, 1)


async def test_a_client_that_stops_gets_everything_later() -> None:
    backlog = Backlog(stalled=0.01, high=10)
    sent = [(1 + number % 2, b"%d" % number * number) for number in range(100)]
    for piece in sent:
        backlog.put(*piece)
        await backlog.room()
    backlog.close()
    received = []
    while (got := await backlog.get()) is not None:
        received.append(got)
    assert received == sent


async def test_a_client_that_catches_up_is_waited_for_again() -> None:
    backlog = Backlog(stalled=0.01, high=1)
    for _ in range(3):
        backlog.put(1, b"abc")
        await backlog.room()
    assert [await backlog.get() for _ in range(3)] == [(1, b"abc")] * 3
    getting = asyncio.create_task(backlog.get())
    await asyncio.sleep(0.01)
    backlog.put(2, b"new")
    assert await getting == (2, b"new")


async def test_a_client_that_is_gone_holds_nobody_up() -> None:
    backlog = Backlog(stalled=60, high=1)
    backlog.put(1, b"abc")
    waiting = asyncio.create_task(backlog.room())
    await asyncio.sleep(0)
    backlog.close(discard=True)
    await asyncio.wait_for(waiting, 1)
    assert await backlog.get() is None
