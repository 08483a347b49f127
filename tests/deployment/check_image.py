"""The image by itself: no network, no privilege, a read-only pack, a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.jupyterlab import (
    SETTINGS,
    JupyterLab,
    browser_page,
    open_notebook,
    run_all,
    take_screenshot,
)
from tests.engines.binder import JUPYTER, RIGHTS, Session, wait_for_lab
from tests.engines.engine import Engine

LIMITS = ("--memory=1g", "--cpus=1")
"""Those of deploy/jupyterhub_config.py and of the values for Kubernetes."""

pytestmark = pytest.mark.timeout(900)  # the image is built


@pytest.fixture(scope="module", params=["its own home", "an empty volume"])
def session(
    request: pytest.FixtureRequest, docker_engine: Engine, image: str, pack: Path
) -> Iterator[Session]:
    options = [*RIGHTS, *LIMITS, "--init", f"--volume={pack}:{pack}:ro"]
    options += [f"--env=DOCKERLAB_PACKS={pack}"]
    if request.param == "an empty volume":
        # As Kubernetes mounts one: nothing fills it, and it is a group's that the learner is in.
        options += ["--tmpfs=/home/jovyan:exec,gid=100,mode=0770", "--group-add=100"]
    started = docker_engine.docker("run", "--detach", *options, image, *JUPYTER)
    assert started.returncode == 0, started.stderr
    session = Session(docker_engine, started.stdout.decode().strip())
    try:
        with session.jupyterlab() as url:
            wait_for_lab(session, url)
        settle(session)
        yield session
    finally:
        docker_engine.docker("rm", "--force", session.container)


def settle(session: Session) -> None:
    """Give JupyterLab the settings that a test needs to see the whole notebook."""
    for name, settings in SETTINGS.items():
        path = f"/home/jovyan/.jupyter/lab/user-settings/{name}.jupyterlab-settings"
        write = f'mkdir -p "$(dirname {path})" && cat > {path}'
        done = session.run("bash", "-c", write, stdin=json.dumps(settings).encode())
        assert done.returncode == 0, done.stderr


def test_a_learner_owns_the_lessons(session: Session) -> None:
    owners = session.run("stat", "--format=%u %A", "notebooks/en/01-hello-world.ipynb")
    assert owners.stdout.startswith("1000 -rw"), owners.stderr
    assert session.run("id", "--user").stdout == "1000\n"


def test_the_doctor_finds_all_that_a_lesson_needs(session: Session) -> None:
    found = session.run("dockerlab", "doctor")
    assert "A lesson can run here." in found.stdout, found.stdout + found.stderr


@pytest.mark.parametrize("lesson", ["01-hello-world", "06-layers"])
def test_a_lesson_runs_to_its_end_in_a_browser(session: Session, lesson: str) -> None:
    with session.jupyterlab() as url, browser_page() as page:
        open_notebook(page, JupyterLab(url, Path()), f"notebooks/en/{lesson}.ipynb")
        run_all(page)
        take_screenshot(page, f"deployment-{lesson}")
        outputs = page.locator(".jp-OutputArea-output")
        assert outputs.filter(has_text="Traceback").count() == 0
        assert outputs.filter(has_text="Stand-in images").count() == 0, "the pack has them"
        assert outputs.filter(has_text="Cleaned up").count() == 1
