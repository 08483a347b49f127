"""Each command compared; see allowed.py for what may differ and why."""

import tarfile
from pathlib import Path

import pytest

from tests.engines.engine import Engine
from tests.engines.registry import Registry
from tests.integration.differential.allowed import ALLOWED
from tests.integration.differential.comparison import MET
from tests.integration.differential.inside import INSIDE
from tests.integration.differential.scenarios import SCENARIOS as LESSONS
from tests.integration.differential.scenarios import Scenario
from tests.integration.differential.sides import Side, compare

SCENARIOS = (*LESSONS, *INSIDE)

IMAGES = ("busybox", "busybox:1.36", "hello-world", "tool", "page")

pytestmark = pytest.mark.timeout(300)


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
    failures = compare(scenario, docker, embedded)
    assert not failures, "\n" + "\n".join(failures)


@pytest.mark.docker
def test_every_allowed_difference_is_still_met(request: pytest.FixtureRequest) -> None:
    ran = {item.name for item in request.session.items if "test_same_answers" in item.name}
    if len(ran) < 2 * len(SCENARIOS):
        pytest.skip("only some of the scenarios were run")
    assert [each for each in ALLOWED if each not in MET and not each.sometimes] == []
