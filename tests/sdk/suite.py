"""One run of the Docker SDK's own integration tests against one engine.

The tests are those of a checkout of docker/docker-py, which this repository never holds. They run
in a copy, with the SDK that dockerlab is locked to, and with the images that they ask for from the
tests' own registry.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from xml.etree import ElementTree

from tests.engines.engine import Engine
from tests.engines.fixtures import fill
from tests.engines.images import Image, busybox, layer, on_top_of
from tests.engines.programs import cache_directory
from tests.engines.registry import Registry
from tests.engines.user import OrdinaryUser

FILES = (
    "api_build_test",
    "api_client_test",
    "api_container_test",
    "api_exec_test",
    "api_healthcheck_test",
    "api_image_test",
    "api_network_test",
    "api_volume_test",
    "client_test",
    "context_api_test",
    "errors_test",
    "models_containers_test",
    "models_images_test",
    "models_networks_test",
    "models_resources_test",
    "models_volumes_test",
    "regression_test",
)
"""What is no part of the embedded engine is left out: swarm, services, secrets, plugins."""

_NEEDED = "paramiko==3.5.1"
"""What the suite's helpers import, and dockerlab does not need."""
_SECONDS = 60
_NETWORK = re.compile(r"network|_links?$|mac_address|_ports?(_|$)")


class Outcome(NamedTuple):
    """How one test ended, and what it said if it did not pass."""

    kind: Literal["passed", "failed", "skipped"]
    said: str = ""


def concerns_networks(test: str) -> bool:
    """Whether a test is of networks or ports, which want a bridge, as its name tells."""
    return _NETWORK.search(test) is not None


def fill_for_suite(registry: Registry) -> None:
    """Push what the suite asks for: the tests' own images, and a small system called Alpine.

    A few tests want a user and a folder that Alpine has.
    """
    fill(registry)
    for tag in ("3.10", "3.14", "latest"):
        registry.push(_alpine(tag), "library/alpine", tag)


def _alpine(tag: str) -> Image:
    users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n"
    files = {"etc/passwd": users, "etc/alpine-release": f"{tag}\n"}
    directories = ["var", "var/opt", "usr", "usr/bin"]
    return on_top_of(busybox(), layer(files, made_by="COPY alpine /", directories=directories))


def run(
    checkout: Path, engine: Engine, work: Path, *, user: OrdinaryUser | None = None
) -> Mapping[str, Outcome]:
    """Run the suite, a process for each file; the outcomes by name, ``file::Class::test``.

    One file must not meet what another left behind: a test of contexts changes the environment.
    ``user`` runs the tests whose engine it is: the folders that they bind belong to them.

    Raises:
        RuntimeError: pytest itself failed.

    """
    shutil.copytree(checkout / "tests", work / "tests", dirs_exist_ok=True)
    shutil.copytree(_needed(), work / "needed", dirs_exist_ok=True)
    for place in ("config", "tmp"):
        (work / place).mkdir(exist_ok=True)
    if user is not None:
        own = f"{user.account.pw_uid}:{user.account.pw_gid}"
        subprocess.run(["chown", "--recursive", own, work], check=True)
    found: dict[str, Outcome] = {}
    for name in FILES:
        if (work / f"tests/integration/{name}.py").exists():
            found.update(_run_file(name, engine, work, user))
    return found


def _run_file(
    name: str, engine: Engine, work: Path, user: OrdinaryUser | None
) -> Mapping[str, Outcome]:
    report = work / f"{name}.xml"
    options = ["-m", "pytest", "-p", "no:cacheprovider", "--quiet", "--tb=short"]
    # Its own settings would come from ours, were the folder not told.
    options += ["--rootdir", str(work), "-c", os.devnull, "--import-mode=prepend"]
    options += [f"--timeout={_SECONDS}", f"--junitxml={report}", f"tests/integration/{name}.py"]
    done = subprocess.run(
        user.command(str(user.python), *options) if user else [sys.executable, *options],
        cwd=work,
        env=_environment(engine, work, user),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    (work / f"{name}.txt").write_text(done.stdout + done.stderr)
    if not report.exists():
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return dict(outcomes(report))


def _environment(engine: Engine, work: Path, user: OrdinaryUser | None) -> Mapping[str, str]:
    theirs = user.environment if user else {}
    paths = [str(work), str(work / "needed")]
    if user:
        paths.append(theirs["PYTHONPATH"])
    own = {"DOCKER_CONFIG": str(work / "config"), "TMPDIR": str(work / "tmp")}
    return {**engine.environment, **theirs, **own, "PYTHONPATH": ":".join(paths)}


def outcomes(report: Path) -> Iterator[tuple[str, Outcome]]:
    """The outcome of every test in a report of pytest's (JUnit's XML).

    A test that failed and one whose tear-down failed count alike, and once.
    """
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        module, _, group = (
            case.get("classname", "").removeprefix("tests.integration.").partition(".")
        )
        name = "::".join(part for part in (module, group, case.get("name", "")) if part)
        bad = [child for child in case if child.tag in ("failure", "error")]
        if bad:
            yield name, Outcome("failed", " ".join(bad[0].get("message", "").split()))
        elif case.find("skipped") is not None:
            yield name, Outcome("skipped")
        else:
            yield name, Outcome("passed")


def _needed() -> Path:
    place = cache_directory() / _NEEDED
    if not place.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(place)]
        subprocess.run([*install, _NEEDED], check=True)
    return place
