"""The class's image, built from deploy/Dockerfile as docs/classroom.md says.

Its base is Docker Hub's Python on Debian. Where Docker Hub cannot be reached, the same Debian with
its own Python is made by mmdebstrap. It trusts whom this machine trusts, so that a proxy between it
and PyPI is no obstacle.
"""

import os
import subprocess
from pathlib import Path

from tests.engines.engine import Engine
from tests.engines.programs import cache_directory, need, need_root, only_one

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = "dockerlab-class"
BASE_VARIABLE = "DOCKERLAB_TEST_BASE"
"""Names a base image that can be had, in place of the one that is made here."""
_BASE = "dockerlab-class-base"
_SUITE = "trixie"
_TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")


def build(docker: Engine) -> None:
    """Build the image with the engine, as its learners' administrator would."""
    base, options = os.environ.get(BASE_VARIABLE, ""), []
    if not base:
        base, options = _BASE, [f"--build-arg=PIP_OPTIONS=--cert {_TRUSTED}"]
        _import_base(docker)
    command = ["docker", "build", "--network=host", f"--build-arg=BASE={base}", *options]
    subprocess.run(
        [*command, "--file=deploy/Dockerfile", f"--tag={IMAGE}", "."],
        cwd=REPOSITORY,
        env=dict(docker.environment),
        check=True,
    )


def _import_base(docker: Engine) -> None:
    with _base_archive().open("rb") as archive:
        subprocess.run(
            ["docker", "import", "-", _BASE],
            env=dict(docker.environment),
            stdin=archive,
            check=True,
        )


def _base_archive() -> Path:
    """A minimal Debian with Python as a tar, made in a minute."""
    need_root()
    need("mmdebstrap", package="mmdebstrap")
    archive = cache_directory() / f"class-base-{_SUITE}.tar"
    with only_one(archive):
        if not archive.exists():
            part = archive.with_suffix(".part.tar")
            command = ["mmdebstrap", "--quiet", "--variant=minbase"]
            command += ["--include=python3,python3-venv,ca-certificates"]
            command += [f"--customize-hook=cp {_TRUSTED} $1{_TRUSTED}"]
            subprocess.run([*command, _SUITE, part], check=True)
            part.rename(archive)
    return archive
