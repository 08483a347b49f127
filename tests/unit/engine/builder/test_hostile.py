"""Whatever a Dockerfile, a context or a base image holds: it is built or refused, within its walls.

A real engine builds, without a runtime: what would start a process is refused as well.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.engine import Engine, Settings
from dockerlab.engine.errors import EngineError
from tests.engines.images import Image, Layer
from tests.unit.engine.builder import hostile
from tests.unit.engine.images.conftest import parts
from tests.unit.engine.unpack.tars import (
    DIRECTORY,
    FIFO,
    FILE,
    LINK,
    SYMLINK,
    archive,
    member,
)

SECRET = b"nobody inside may know this"
SECONDS = 60
"""Far more than any build here takes on a busy machine, and far less than an explosion."""


class Bench:
    """An engine without processes, and a directory beside it that nothing may reach."""

    def __init__(self, place: Path) -> None:
        self.outside = place / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(SECRET)
        self._root = place / "engine"
        self._loop = asyncio.new_event_loop()
        wanted = Settings(
            root=self._root, runtime="none", own_mounts=False, layer_limit=hostile.LIMIT
        )
        self._engine = self._loop.run_until_complete(Engine.open(wanted))
        base = Layer(hostile.base_layer(bytes(self.outside)), made_by="base")
        self._load(Image((base,)), "base")
        for name, triggers in hostile.ON_BUILD.items():
            self._load(Image((base,), {"OnBuild": triggers}), name)

    def _load(self, image: Image, name: str) -> None:
        async def load() -> None:
            async for _ in self._engine.images.load(parts(image.archive(f"{name}:latest"))):
                pass

        self._loop.run_until_complete(load())

    def close(self) -> None:
        self._loop.run_until_complete(self._engine.close())
        self._loop.close()

    def build(self, context: bytes) -> str:
        """Why it was refused, or "". What else goes wrong is raised, and fails the test."""

        async def build() -> None:
            records = self._engine.builder.build(parts(context, 1 << 20), BuildOptions())
            async for _ in records:
                pass

        begun = time.monotonic()
        try:
            self._loop.run_until_complete(build())
        except EngineError as error:
            return str(error) or "refused"
        finally:
            assert time.monotonic() - begun < SECONDS
            self._loop.run_until_complete(self._engine.builder.close())
        return ""

    def assert_untouched(self) -> None:
        """Nothing came out of the engine's walls, and the secret did not get in."""
        assert [path.name for path in self.outside.iterdir()] == ["secret"]
        assert (self.outside / "secret").read_bytes() == SECRET
        assert not (self.outside.parent / "evil").exists()
        assert not Path("/evil").exists()
        assert not list(self._root.glob("without-mounts/builds/*"))

    def assert_secret(self) -> None:
        """No image and no container knows it."""
        for path in self._root.glob("without-mounts/snapshots/**/*"):
            if path.is_file() and not path.is_symlink():
                assert SECRET not in path.read_bytes(), path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("hostile"))
    yield made
    made.assert_untouched()
    made.assert_secret()
    made.close()


NAMES = [each.name for each in hostile.corpus(b"/outside")]


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus(bench: Bench, name: str) -> None:
    builds = {each.name: each for each in hostile.corpus(bytes(bench.outside))}
    refusal = bench.build(builds[name].context())
    if builds[name].refused is not None:
        assert bool(refusal) == builds[name].refused, refusal
    assert "Traceback" not in refusal
    bench.assert_untouched()


WORDS = st.sampled_from(
    [
        "a", "/", "..", "../..", "*", "**", "[a-z]", "?", "$a", "${a}", "${a:-$b}", "${a/*/b}",
        "${a%%*}", "l", "l/secret", "out", "/out/x", "d", "d/f", "\\", "`", "'", '"', "é",
        "\udcff", "--from=base", "--from=0", "--chown=1:1", "--chown=a", "--x", "<<E", "E", "[",
        '["a"]', "{}", "a=b", "a=$a$a", "=", "80", "80/tcp", "9" * 30, "-1", "1h", "NONE", "CMD",
        "t.tar", ":", "@",
    ]
)  # fmt: skip
INSTRUCTIONS = st.sampled_from(
    [
        "FROM", "ARG", "ENV", "COPY", "ADD", "RUN", "WORKDIR", "USER", "EXPOSE", "LABEL", "VOLUME",
        "CMD", "ENTRYPOINT", "ONBUILD", "HEALTHCHECK", "SHELL", "STOPSIGNAL", "MAINTAINER", "#",
        "ONBUILD COPY", "E", "\\",
    ]
)  # fmt: skip
LINES = st.builds(
    lambda name, words, gap: f"{name} {gap.join(words)}",
    INSTRUCTIONS,
    st.lists(WORDS, max_size=5),
    st.sampled_from([" ", "  ", "\t", "\\\n", ""]),
)
DOCKERFILES = st.builds(
    lambda base, lines: "\n".join([f"FROM {base}", *lines]).encode("utf-8", "surrogateescape"),
    st.sampled_from(["scratch", "base", "a-chain", "scratch AS a"]),
    st.lists(LINES, max_size=6),
)


def paths(parts: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(parts), min_size=1, max_size=3).map(b"/".join)


FILES = [b"a", b"l", b"d", b"f", b"out", b"..", b"", b".dockerignore", b"Dockerfile", b"\xff"]
MEMBERS = st.builds(
    member,
    paths(FILES),
    st.sampled_from([FILE, LINK, SYMLINK, DIRECTORY, FIFO]),
    data=st.sampled_from([b"", b"x", b"*\n!a", b"**", archive(member(b"l", SYMLINK, target=b"/"))]),
    target=paths([*FILES, b"", hostile.REACH]),
    mode=st.sampled_from([0o644, 0o4755, 0]),
)
GENERATED = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(dockerfile=DOCKERFILES)
@GENERATED
def test_whatever_a_dockerfile_says(bench: Bench, dockerfile: bytes) -> None:
    files = (member(b"a", data=b"x"), member(b"d/f", data=b"y"), member(b"l", SYMLINK, target=b"/"))
    bench.build(archive(member(b"Dockerfile", data=dockerfile), *files))


@given(members=st.lists(MEMBERS, max_size=6))
@GENERATED
def test_whatever_a_context_holds(bench: Bench, members: list[bytes]) -> None:
    dockerfile = b"FROM base\nCOPY . /out/\nADD a l* /d/\nCOPY --from=0 /out /x\n"
    bench.build(archive(member(b"Dockerfile", data=dockerfile), *members))
