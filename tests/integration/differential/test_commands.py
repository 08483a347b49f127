"""Each command compared; see allowed.py for what may differ and why."""

import shlex
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engines.engine import Engine
from tests.engines.registry import Registry
from tests.integration.differential.allowed import ALLOWED
from tests.integration.differential.comparison import (
    MET,
    Answer,
    Difference,
    compare_json,
    compare_text,
    parse,
    unexpected,
)
from tests.integration.differential.inside import INSIDE
from tests.integration.differential.normal import Normal
from tests.integration.differential.scenarios import SCENARIOS as LESSONS
from tests.integration.differential.scenarios import Scenario, Step

SCENARIOS = (*LESSONS, *INSIDE)

IMAGES = ("busybox", "busybox:1.36", "hello-world", "tool", "page")

pytestmark = pytest.mark.timeout(300)


class Side:
    """One engine's run through a scenario."""

    def __init__(self, engine: Engine, files: Path, registry: str) -> None:
        self.engine = engine
        self.normal = Normal()
        self._files = files
        self._registry = f"{registry}/of-{engine.name}"
        self._start = time.time()

    def run(self, step: Step) -> Answer:
        """Run one step on this engine."""
        line = step.command.format(
            files=self._files,
            registry=self._registry,
            start=f"{self._start:.6f}",
            now=f"{time.time():.6f}",
        )
        arguments = shlex.split(line)[1:]
        done = self.engine.docker(*arguments, stdin=step.stdin, timeout=60)
        stdout = done.stdout.decode(errors="replace")
        (self.normal.learn_image if step.new_image else self.normal.learn)(stdout)
        return Answer(
            self._local(stdout), self._local(done.stderr.decode(errors="replace")), done.returncode
        )

    def _local(self, text: str) -> str:
        text = text.replace(self._registry, "<registry>")
        text = text.replace(f"{self._registry.partition('/')[2]}/", "")
        text = text.replace(self.engine.environment["DOCKER_CONFIG"], "<config>")
        return text.replace(str(self._files), "<files>")


@pytest.fixture(scope="module")
def engines(docker_engine: Engine, embedded_engine: Engine) -> tuple[Engine, Engine]:
    """Both engines, with the images that the scenarios need."""
    for engine in (docker_engine, embedded_engine):
        for image in IMAGES:
            pulled = engine.docker("pull", "-q", image)
            assert pulled.returncode == 0, pulled.stderr
    return docker_engine, embedded_engine


@pytest.fixture
def folders(session_directory: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A folder for each engine, alike in content; each engine may read it."""
    made = []
    for number in (1, 2):
        folder = session_directory / f"files-{abs(hash(request.node.name))}-{number}"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        (folder / "greeting").write_text("good morning\n")
        with tarfile.open(folder / "root.tar", "w") as tar:
            hello = Path("/bin/busybox")
            tar.add(hello if hello.exists() else "/bin/true", "hello")
        made.append(folder)
    return made[0], made[1]


@pytest.mark.docker
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_same_answers(
    scenario: Scenario,
    engines: tuple[Engine, Engine],
    folders: tuple[Path, Path],
    registry: Registry,
) -> None:
    docker, embedded = (
        Side(engine, files, f"{registry.address}/{engines[1].name}")
        for engine, files in zip(engines, folders, strict=True)
    )
    failures = []
    try:
        for step in scenario.steps:
            wrong = unexpected(step.command, _differences(step, docker, embedded))
            failures += [f"{step.command}\n    {difference}" for difference in wrong]
    finally:
        for engine in engines:
            _clean(engine)
    assert not failures, "\n" + "\n".join(failures)


def _differences(step: Step, docker: Side, embedded: Side) -> list[Difference]:
    with ThreadPoolExecutor(2) as both:  # at once: some steps are about time
        one, other = both.map(lambda side: side.run(step), (docker, embedded))
    found: list[Difference] = []
    if one.exit_code != other.exit_code:
        codes = Difference("exit code", str(one.exit_code), f"{other.exit_code} {other.stderr}")
        found.append(codes)
    if step.json and one.stdout and other.stdout:
        found += compare_json(
            parse(one.stdout, docker.normal), parse(other.stdout, embedded.normal)
        )
    else:
        found += compare_text(
            docker.normal.text(one.stdout),
            embedded.normal.text(other.stdout),
            unordered=step.unordered,
        )
    found += compare_text(
        docker.normal.text(one.stderr), embedded.normal.text(other.stderr), unordered=False
    )
    return found


def _clean(engine: Engine) -> None:
    left = engine.docker("ps", "-aq", "--filter", "name=d-").stdout.decode().split()
    if left:
        engine.docker("rm", "-fv", *left)
    volumes = engine.docker("volume", "ls", "-q", "--filter", "name=^d-").stdout.decode().split()
    if volumes:
        engine.docker("volume", "rm", "-f", *volumes)


@pytest.mark.docker
def test_every_allowed_difference_is_still_met(request: pytest.FixtureRequest) -> None:
    ran = {item.name for item in request.session.items if "test_same_answers" in item.name}
    if len(ran) < 2 * len(SCENARIOS):
        pytest.skip("only some of the scenarios were run")
    assert [each for each in ALLOWED if each not in MET and not each.sometimes] == []
