"""A small class on one JupyterHub, with the configuration that docs/classroom.md tells of."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.classroom import hold_class
from dockerlab.packs import create_pack
from tests.engines.engine import Engine
from tests.engines.programs import need

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FIRST_LESSON = "/lab/tree/notebooks/en/01-hello-world.ipynb"
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


def spawner(kind: str, place: Path, **settings: str) -> dict[str, Any]:
    """What JupyterHub's own reader makes of the configuration: the spawner, told as JSON."""
    environment = {"PATH": os.environ["PATH"], "DOCKERLAB_SPAWNER": kind}
    environment |= {"DOCKERLAB_CLASS_PASSWORD": "x" * 12, "DOCKERLAB_CLASS_HOMES": str(place)}
    environment |= {"DOCKERLAB_PACKS": "/srv/packs/course", **settings}
    read = subprocess.run(
        [sys.executable, "-c", TELL, str(DEPLOY)],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert read.returncode == 0, read.stderr
    told: dict[str, Any] = json.loads(read.stdout)
    return told


TELL = """
import json, sys
from types import SimpleNamespace
from jupyterhub.app import JupyterHub
from traitlets.config import PyFileConfigLoader
config = PyFileConfigLoader("jupyterhub_config.py", path=sys.argv[1]).load_config()
hub = JupyterHub(config=config)
spawner = hub.spawner_class(config=config, user=SimpleNamespace(name="ada", id=1))
told = {name: getattr(spawner, name, None) for name in spawner.trait_names(config=True)}
told["class"] = [each.__name__ for each in type(spawner).mro()]
told["hub_ip"] = hub.hub_ip
print(json.dumps(told, default=str))
"""


def test_a_process_for_each(tmp_path: Path) -> None:
    told = spawner("process", tmp_path)
    assert "SimpleLocalProcessSpawner" in told["class"]
    assert told["home_dir_template"] == str(tmp_path / "{username}")
    assert told["default_url"] == FIRST_LESSON
    assert any("UnspoiltContents" in argument for argument in told["args"])
    chinese = spawner("process", tmp_path, DOCKERLAB_LANG="zh")
    assert chinese["default_url"] == FIRST_LESSON.replace("/en/", "/zh/")
    assert chinese["environment"]["DOCKERLAB_LANG"] == "zh"


def test_a_unit_for_each(tmp_path: Path) -> None:
    """The spawner's own class takes the settings; systemd itself is not asked here."""
    told = spawner("systemd", tmp_path)
    assert "SystemdSpawner" in told["class"]
    assert (told["dynamic_users"], told["isolate_tmp"]) == (True, True)
    assert (told["mem_limit"], told["cpu_limit"]) == (1 << 30, 1.0)
    assert told["cmd"][:2] == ["bash", "-c"]
    # Without these, seen with systemd 252: no program is found, and a second server never starts.
    assert str(Path(sys.executable).parent) in told["extra_paths"]
    assert told["unit_extra_properties"] == {"RuntimeDirectoryPreserve": "yes"}


def test_a_container_for_each(tmp_path: Path) -> None:
    """How it goes with real containers is `python -m tests.deployment`'s."""
    told = spawner("docker", tmp_path)
    assert told["class"][0] == "DockerSpawner"
    assert (told["image"], told["network_name"]) == ("dockerlab-class", "bridge")
    assert (told["mem_limit"], told["cpu_limit"]) == (1 << 30, 1.0)
    assert told["read_only_volumes"] == {"/srv/packs/course": "/srv/packs/course"}
    assert told["extra_host_config"]["cap_drop"] == ["ALL"]
    assert told["hub_ip"] == "172.17.0.1"
    named = spawner("docker", tmp_path, DOCKERLAB_CLASS_ADDRESS="10.88.0.1")
    assert named["hub_ip"] == "10.88.0.1"
    host = spawner("docker", tmp_path, DOCKERLAB_CLASS_NETWORK="host")
    assert host["class"][:2] == ["HostNetworkSpawner", "DockerSpawner"]
    assert (host["hub_ip"], host["ip"]) == ("127.0.0.1", "127.0.0.1")


@pytest.fixture(scope="module")
def values() -> Any:
    """Ours for Zero to JupyterHub."""
    return yaml.safe_load((DEPLOY / "zero-to-jupyterhub.yaml").read_text())


def test_kubernetes_has_the_image_everywhere_beforehand(values: Any) -> None:
    assert values["singleuser"]["image"]["name"].endswith("/dockerlab-class")
    assert values["prePuller"]["hook"]["enabled"] is True
    assert values["prePuller"]["continuous"]["enabled"] is True


def test_kubernetes_limits_a_learner_as_binder_does(values: Any) -> None:
    user, spawner = values["singleuser"], values["hub"]["config"]["KubeSpawner"]
    assert (user["memory"]["limit"], user["cpu"]["limit"]) == ("1G", 1)
    assert user["allowPrivilegeEscalation"] is False
    assert user["uid"] == 1000
    assert spawner["container_security_context"]["capabilities"]["drop"] == ["ALL"]
    assert spawner["pod_security_context"]["seccompProfile"]["type"] == "RuntimeDefault"


def test_kubernetes_mounts_the_packs_read_only(values: Any) -> None:
    user = values["singleuser"]
    volumes = {each["name"]: each for each in user["storage"]["extraVolumes"]}
    mounts = {each["name"]: each for each in user["storage"]["extraVolumeMounts"]}
    assert set(volumes) == set(mounts)
    assert mounts["packs"]["readOnly"] is True
    assert volumes["packs"]["persistentVolumeClaim"]["readOnly"] is True
    assert user["extraEnv"]["DOCKERLAB_PACKS"].startswith(f"{mounts['packs']['mountPath']}/")


def test_kubernetes_opens_a_lesson_that_there_is(values: Any) -> None:
    user = values["singleuser"]
    overrides = [each.get("kubespawner_override", {}) for each in user["profileList"]]
    opened = {user["defaultUrl"], *(each.get("default_url", FIRST_LESSON) for each in overrides)}
    assert all((DEPLOY.parent / each.removeprefix("/lab/tree/")).exists() for each in opened)
    languages = [each.get("environment", {}).get("DOCKERLAB_LANG", "en") for each in overrides]
    assert languages == [each["slug"] for each in user["profileList"]] == ["en", "zh"]


def test_kubernetes_lets_nothing_out_but_to_the_campus_registry(values: Any) -> None:
    policy = values["singleuser"]["networkPolicy"]
    allowed = policy["egressAllowRules"]
    assert policy["enabled"] is True
    assert not any(allowed[name] for name in ("nonPrivateIPs", "privateIPs"))
    [rule] = policy["egress"]
    assert rule["to"][0]["ipBlock"]["cidr"].endswith("/32")
    assert [port["port"] for port in rule["ports"]] == [443]


def test_the_image_holds_what_it_copies_and_nothing_else() -> None:
    """`.dockerignore` lets through what the recipe names; a clone's .venv is a gigabyte."""
    copied = re.findall(r"^COPY (?:--\S+ )?(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    wanted = {name for line in copied for name in line.split()}
    rules = (DEPLOY.parent / ".dockerignore").read_text().split()
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == wanted
    assert "*" in rules
    assert os.access(DEPLOY / "start", os.X_OK)


def test_a_home_gets_the_lessons_once(tmp_path: Path) -> None:
    """What every container of the class begins with."""
    begin = (DEPLOY / "start").read_text().replace("/srv/dockerlab", str(DEPLOY.parent))
    script = tmp_path / "start"
    script.write_text(begin)
    command = ["sh", str(script), "ls", "notebooks/en"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}

    def listed() -> str:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    assert "01-hello-world.ipynb" in listed()
    (tmp_path / "notebooks/en/mine.ipynb").touch()
    assert "mine.ipynb" in listed(), "what a learner wrote stays"


def test_the_page_speaks_of_what_is_there() -> None:
    page = (DEPLOY.parent / "docs" / "classroom.md").read_text()
    config = (DEPLOY / "jupyterhub_config.py").read_text()
    assert set(re.findall(r"DOCKERLAB_[A-Z_]+", page)) <= set(
        re.findall(r"DOCKERLAB_[A-Z_]+", config)
    )
    table = re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)
    assert table == ["process", "systemd", "docker"]
    assert all(f"def {name}()" in config for name in table)
