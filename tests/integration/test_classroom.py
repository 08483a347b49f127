"""A small class on one JupyterHub, with the configuration that docs/classroom.md tells of."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.classroom import hold_class
from dockerlab.packs import create_pack
from tests.engines.engine import Engine
from tests.engines.programs import need

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
LARGEST_ENGINE = 60  # MB, an idle one

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def pack(docker_engine: Engine, session_directory: Path) -> Path:
    """What the class gets in place of the internet."""
    folder = session_directory / "class-pack"
    client = docker_engine.client()
    names = ("hello-world:latest", "centos:latest", "nginx:alpine", "nginx:alpine-slim")
    create_pack(client, folder, [f"docker.io/library/{name}" for name in names])
    client.close()
    return folder


def test_five_learners_at_once(pack: Path) -> None:
    need("crun", package="crun")
    report = hold_class(5, packs=str(pack))
    assert report.errors == []
    assert 0 < report.memory_by_part["engine"] <= LARGEST_ENGINE
    assert report.first_output_worst < report.finished_worst


@pytest.mark.parametrize("spawner", ["process", "systemd", "docker"])
def test_the_configuration_can_be_read(spawner: str, tmp_path: Path) -> None:
    """By JupyterHub's own reader; systemd and docker were not run."""
    script = (
        "import sys; from traitlets.config import PyFileConfigLoader; "
        f"config = PyFileConfigLoader('jupyterhub_config.py', path={str(DEPLOY)!r}).load_config(); "
        "print(config.JupyterHub.spawner_class)"
    )
    environment = {"DOCKERLAB_SPAWNER": spawner, "DOCKERLAB_CLASS_PASSWORD": "x" * 12}
    environment |= {"DOCKERLAB_CLASS_HOMES": str(tmp_path), "DOCKERLAB_PACKS": "/srv/packs/course"}
    read = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    known = {"process": "simple"}
    assert read.stdout.strip() == known.get(spawner, spawner), read.stderr


def test_the_values_for_kubernetes_agree_with_the_rest() -> None:
    values = yaml.safe_load((DEPLOY / "zero-to-jupyterhub.yaml").read_text())
    user = values["singleuser"]
    assert user["defaultUrl"].endswith("notebooks/en/01-hello-world.ipynb")
    assert user["memory"]["limit"] == "1G"
    assert user["allowPrivilegeEscalation"] is False
    volumes = {each["name"] for each in user["storage"]["extraVolumes"]}
    mounts = {each["name"]: each for each in user["storage"]["extraVolumeMounts"]}
    assert volumes == set(mounts)
    assert mounts["packs"]["readOnly"] is True
    assert mounts["packs"]["mountPath"] in user["extraEnv"]["DOCKERLAB_PACKS"]


def test_the_page_speaks_of_what_is_there() -> None:
    page = (DEPLOY.parent / "docs" / "classroom.md").read_text()
    config = (DEPLOY / "jupyterhub_config.py").read_text()
    assert set(re.findall(r"DOCKERLAB_[A-Z_]+", page)) <= set(
        re.findall(r"DOCKERLAB_[A-Z_]+", config)
    )
    table = re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)
    assert table == ["process", "systemd", "docker"]
    assert all(f"def {name}()" in config for name in table)
