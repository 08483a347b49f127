import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerlab.engine.containers.logs.file import LogFile
from dockerlab.engine.containers.logs.options import check_options, parse_size
from dockerlab.engine.containers.logs.reading import Query
from dockerlab.engine.errors import InvalidParameter

SECOND = 1_000_000_000


class Clock:
    """Goes on one second whenever it is read."""

    def __init__(self) -> None:
        self.seconds = 0

    def __call__(self) -> int:
        self.seconds += 1
        return self.seconds * SECOND


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    log = LogFile(tmp_path / "x-json.log", {}, now=Clock())
    log.begin()
    yield log
    log.end()


async def read(log: LogFile, **query: object) -> bytes:
    frames = log.read(Query(**query))  # type: ignore[arg-type]
    return b"".join([frame.data async for frame in frames])


def records(log: LogFile) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.path.read_text().splitlines()]


def test_the_file_is_docker_s(log: LogFile) -> None:
    log.write(1, b"hello\n")
    assert log.path.read_bytes() == (
        b'{"log":"hello\\n","stream":"stdout","time":"1970-01-01T00:00:01Z"}\n'
    )
    log.write(2, b"<a> & \xff\xfe\n")
    assert log.path.read_bytes().splitlines()[1] == (
        b'{"log":"\\u003ca\\u003e \\u0026 \xef\xbf\xbd\xef\xbf\xbd\\n","stream":"stderr",'
        b'"time":"1970-01-01T00:00:02Z"}'
    )


def test_lines_wait_for_their_end_and_streams_do_not_mix(log: LogFile) -> None:
    log.write(1, b"a")
    log.write(2, b"b\n")
    log.write(1, b"c\nrest")
    log.end()
    assert [(r["stream"], r["log"]) for r in records(log)] == [
        ("stderr", "b\n"),
        ("stdout", "ac\n"),
        ("stdout", "rest"),
    ]


def test_long_lines_are_cut_at_16_kib(log: LogFile) -> None:
    log.write(1, b"x" * 40000 + b"\n")
    assert [len(record["log"]) for record in records(log)] == [16384, 16384, 7233]


async def test_since_until_and_one_stream(log: LogFile) -> None:
    for number in range(1, 6):
        log.write(1 + number % 2, b"%d\n" % number)
    assert await read(log, since=3 * SECOND) == b"3\n4\n5\n"
    assert await read(log, until=2 * SECOND) == b"1\n2\n"
    assert await read(log, stderr=False) == b"2\n4\n"
    assert await read(log, stdout=False, tail=1) == b"5\n"
    assert await read(log, timestamps=True, tail=1) == b"1970-01-01T00:00:05Z 5\n"


async def test_what_a_crash_left_half_written_is_passed_over(log: LogFile) -> None:
    log.write(1, b"one\n")
    with log.path.open("ab") as file:
        file.write(b'{"log":"half\n')
    log.write(1, b"two\n")
    assert await read(log) == b"one\ntwo\n"
    assert await read(log, tail=2) == b"one\ntwo\n"


@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(st.integers(0, 30000), max_size=30),
    tail=st.integers(-1, 40),
    files=st.integers(1, 4),
)
async def test_the_tail_is_the_end_of_all(
    tmp_path_factory: pytest.TempPathFactory, lines: list[int], tail: int, files: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    log = LogFile(path, {"max-size": "50k", "max-file": str(files)}, now=Clock())
    log.begin()
    for length in lines:
        log.write(1, b"y" * (length % 5000) + b"\n")
    kept = await read(log)
    pieces = kept.splitlines(keepends=True)
    assert await read(log, tail=tail) == b"".join(
        pieces if tail < 0 else pieces[len(pieces) - min(tail, len(pieces)) :]
    )
    assert b"".join(b"y" * (length % 5000) + b"\n" for length in lines).endswith(kept)
    log.end()


def test_options(tmp_path: Path) -> None:
    check_options("json-file", {"max-size": "1m"})
    with pytest.raises(InvalidParameter, match="unknown log opt 'foo' for json-file log driver"):
        check_options("", {"foo": "x"})
    assert [parse_size(text) for text in ("7", "1k", "1.5MiB", "2gb")] == [
        7,
        1024,
        1572864,
        2147483648,
    ]
    with pytest.raises(InvalidParameter, match="invalid size: 'zz'"):
        parse_size("zz")
