"""What Binder would build, told by repo2docker: the Dockerfile that it makes of `binder/`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dockerfile() -> str:
    command = ["-m", "repo2docker", "--no-build", "--debug"]
    # As Binder calls it; and root may not be the user of an image.
    user = ["--user-id", "1000", "--user-name", "jovyan"]
    told = subprocess.run(
        [sys.executable, *command, *user, str(REPOSITORY)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_it_is_built_from_our_files_in_this_order(dockerfile: str) -> None:
    steps = [
        r"(?s)apt-get install --yes --no-install-recommends [^&]*\bproot\b",
        r'env update -p \S+ --file "binder/environment.yml"',
        r"RUN \./binder/postBuild",
        r'ENV R2D_ENTRYPOINT="\$\{REPO_DIR\}/binder/start"',
    ]
    found = [re.search(step, dockerfile) for step in steps]
    assert all(found), [step for step, match in zip(steps, found, strict=True) if not match]
    places = [match.start() for match in found if match]
    assert places == sorted(places)


def test_it_has_the_python_that_is_pinned(dockerfile: str) -> None:
    """repo2docker begins with an environment of that version, and would say nothing of a typo."""
    environment = (REPOSITORY / "binder/environment.yml").read_text()
    pinned = re.search(r"- python =3\.(\d+)", environment)
    assert pinned
    assert re.search(rf"environment\S*py\S*3\S*{pinned[1]}-?\S*lock", dockerfile)


def test_the_top_levels_own_files_are_ignored(dockerfile: str) -> None:
    assert '--file "environment.yml"' not in dockerfile
    assert "requirements" not in dockerfile


def test_postbuild_and_sessions_run_as_the_learner(dockerfile: str) -> None:
    before = dockerfile.partition("RUN ./binder/postBuild")[0]
    assert re.findall(r"^USER (.*)$", before, re.MULTILINE)[-1] == "${NB_USER}"
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE)[-1] == "${NB_USER}"


def test_packages_are_a_layer_below_the_lessons(dockerfile: str) -> None:
    """A change of a lesson does not fetch conda's packages again."""
    packages = dockerfile.index("env update")
    assert dockerfile.index("COPY --chown=1000:1000 src/ ${REPO_DIR}") > packages
