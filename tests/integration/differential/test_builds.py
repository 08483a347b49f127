"""Each build, compared: what it says, what it leaves in history, what is in the image."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engines.engine import Engine
from tests.integration.differential.builds import CASES, Case
from tests.integration.differential.comparison import Difference, compare_text
from tests.integration.differential.normal import Normal

TAG = "d-built"
_ID = re.compile(r"(?<![0-9a-f:])(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{12})(?![0-9a-f])")
_NOBODY_ASKED = ("--rm", "--network", "none", "-u", "0")
_INSPECTED = "{{json .Config}} {{.Size}} {{.Author}} {{.Os}} {{.Architecture}}"

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


class Names(Normal):
    """Names images and containers by the order in which they are told of."""

    def text(self, text: str) -> str:
        return super().text(_ID.sub(self._name, text))

    def _name(self, found: re.Match[str]) -> str:
        return self._names.setdefault(found[1][:12], f"<{len(self._names)}>")


@pytest.fixture(scope="module")
def engines(docker_engine: Engine, embedded_engine: Engine) -> tuple[Engine, Engine]:
    for engine in (docker_engine, embedded_engine):
        assert engine.docker("pull", "-q", "busybox").returncode == 0
    return docker_engine, embedded_engine


def build(engine: Engine, case: Case) -> subprocess.CompletedProcess[bytes]:
    options = ("--network", "none", "-t", TAG, *case.options)
    return engine.docker("build", *options, "-", stdin=case.context())


_SAID: dict[tuple[str, str], list[str]] = {}


def said(engine: Engine, case: Case) -> list[str]:
    """All that an engine says of a build; Docker Engine is asked only once."""
    key = engine.name, case.name
    if key not in _SAID:
        try:
            _SAID[key] = ask(engine, case)
        finally:
            clean(engine)
    return _SAID[key]


def ask(engine: Engine, case: Case) -> list[str]:
    """Build, build again, and look at the image."""
    names = Names()
    lines: list[str] = []

    def hear(done: subprocess.CompletedProcess[bytes]) -> bool:
        for output in (done.stdout, done.stderr):
            # What a step writes at once may come in pieces, each in red by itself.
            text = output.decode(errors="replace").replace("\x1b[0m\x1b[91m", "")
            lines.extend(names.text(text).splitlines())
        lines.append(f"exit code {done.returncode}")
        return done.returncode == 0

    hear(build(engine, case))
    if hear(build(engine, case)):
        hear(engine.docker("history", "--no-trunc", TAG))
        hear(engine.docker("inspect", "--format", _INSPECTED, TAG))
        for command in case.then:
            hear(engine.docker("run", *_NOBODY_ASKED, TAG, "sh", "-c", command))
    return lines


def clean(engine: Engine) -> None:
    for command in (("container", "prune", "-f"), ("rmi", "-f", TAG, "d-two:1", "d-three")):
        engine.docker(*command)


NOT_HERE = {
    "ADD archives": "without any privilege files belong to whoever runs the engine",
    "links and privileges from a stage": "the same",
    "COPY directories": "the same",
    "a command that is killed": "the first process of a container may be killed from inside it",
}
"""What proot cannot do, and why."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_builds(case: Case, engines: tuple[Engine, Engine]) -> None:
    if engines[1].name == "proot" and case.name in NOT_HERE:
        pytest.skip(NOT_HERE[case.name])
    with ThreadPoolExecutor(2) as both:
        docker, embedded = both.map(lambda engine: said(engine, case), engines)
    differences: list[Difference] = list(
        compare_text("\n".join(docker), "\n".join(embedded), unordered=False)
    )
    assert not differences, "\n" + "\n".join(map(str, differences))
