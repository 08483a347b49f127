"""JupyterHub with DockerSpawner: two learners at once, then one of them in a real browser.

The engines here have no bridge, so containers have the machine's network, as with
DOCKERLAB_CLASS_NETWORK=host; the rest is what docs/classroom.md says.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.classroom import PASSWORD, learner, running_hub
from benchmarks.learner import Visit
from tests.browser.jupyterlab import browser_page, run_all, take_screenshot
from tests.deployment.check_image import settle
from tests.engines.binder import Session
from tests.engines.engine import Engine

LESSON = "01-hello-world"
NAMES = ("ada", "grace")
NEXT = "hedy"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def hub(docker_engine: Engine, image: str, pack: Path, session_directory: Path) -> Iterator[str]:
    homes = session_directory / "hub"
    homes.mkdir()
    settings = {
        "DOCKER_HOST": docker_engine.host,
        "DOCKERLAB_SPAWNER": "docker",
        "DOCKERLAB_CLASS_IMAGE": image,
        "DOCKERLAB_CLASS_NETWORK": "host",
    }
    try:
        with running_hub(homes, packs=str(pack), settings=settings) as url:
            yield url
    finally:
        for name in (*NAMES, NEXT):
            docker_engine.docker("rm", "--force", f"jupyter-{name}")
            docker_engine.docker("volume", "rm", f"dockerlab-{name}")


@pytest.fixture(scope="module")
def visits(hub: str) -> list[Visit]:
    """Two learners log in at once, and both run the lesson through the hub's proxy."""

    async def both() -> list[Visit]:
        return await asyncio.gather(*(learner(hub, name, lessons=[LESSON]) for name in NAMES))

    return asyncio.run(both())


def test_two_learners_at_once(visits: list[Visit]) -> None:
    assert [visit.errors for visit in visits] == [[], []]
    assert all(visit.first_output > 0 for visit in visits)


@pytest.mark.usefixtures("visits")
def test_each_has_a_container_without_privileges(docker_engine: Engine, pack: Path) -> None:
    client = docker_engine.client()
    ports = set()
    for name in NAMES:
        container = client.containers.get(f"jupyter-{name}")
        host = container.attrs["HostConfig"]
        assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges"])
        assert (host["Memory"], host["CpuQuota"], host["Privileged"]) == (1 << 30, 100_000, False)
        mounts = {each["Destination"]: each for each in container.attrs["Mounts"]}
        assert mounts["/home/jovyan"]["Name"] == f"dockerlab-{name}"
        assert mounts[str(pack)]["RW"] is False
        environment = dict(each.split("=", 1) for each in container.attrs["Config"]["Env"])
        ports.add(environment["JUPYTERHUB_SERVICE_URL"].partition("/user")[0])
    client.close()
    assert len(ports) == len(NAMES)
    assert all(port.startswith("http://127.0.0.1:") for port in ports)


@pytest.mark.usefixtures("visits")
def test_a_learners_engine_runs_from_the_pack(docker_engine: Engine) -> None:
    script = """
    eval "$(dockerlab connect --print-env)"
    docker info 2>/dev/null | grep 'Default Runtime'
    docker pull --quiet centos
    find ~/.local/share -path '*blobs/sha256/*' -type l | wc -l
    docker rmi centos
    """
    done = Session(docker_engine, "jupyter-ada").run("bash", "-euc", script)
    assert "Default Runtime: proot" in done.stdout, done.stderr
    assert int(done.stdout.splitlines()[2]) > 0, "layers are links into the pack"


def test_in_a_browser_and_again_the_next_day(hub: str, docker_engine: Engine) -> None:
    assert asyncio.run(learner(hub, NEXT, lessons=[])).errors == []
    session = Session(docker_engine, f"jupyter-{NEXT}")
    settle(session)
    with browser_page() as page:
        _log_in(page, hub)
        run_all(page)
        take_screenshot(page, "deployment-hub")
        outputs = page.locator(".jp-OutputArea-output")
        assert outputs.filter(has_text="Traceback").count() == 0
        assert outputs.filter(has_text="Cleaned up").count() == 1
        page.goto(f"{hub}/hub/home")
        page.get_by_role("button", name="Stop My Server").click()
        page.get_by_role("button", name="Stop My Server").wait_for(state="hidden", timeout=60_000)
    # The container goes with its server; her home, and with it her score, does not.
    assert docker_engine.docker("inspect", session.container).returncode == 1
    again = asyncio.run(learner(hub, NEXT, lessons=[LESSON]))
    assert again.errors == []
    assert session.run("test", "-d", ".jupyter/lab/user-settings").returncode == 0


def _log_in(page: Page, hub: str) -> None:
    page.goto(f"{hub}/hub/login")
    page.get_by_label("Username").fill(NEXT)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # The configuration's first page is the lesson.
    page.wait_for_url(f"**/user/{NEXT}/lab/tree/notebooks/en/{LESSON}.ipynb", timeout=60_000)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.locator('[data-status="idle"]').first.wait_for(timeout=60_000)
