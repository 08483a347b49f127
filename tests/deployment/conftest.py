"""The image and the pack that all checks use."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerlab.names import full_name
from dockerlab.packs import create_pack
from dockerlab.standins.catalog import standin_names
from tests.deployment.image import IMAGE, build
from tests.engines.engine import Engine


@pytest.fixture(scope="module", autouse=True)
def emptied_engines() -> None:
    """The image stays for the next file's checks, unlike in other tests."""


@pytest.fixture(scope="session")
def image(docker_engine: Engine) -> str:
    """The class's image, on the Docker Engine."""
    build(docker_engine)
    return IMAGE


@pytest.fixture(scope="session")
def pack(docker_engine: Engine, session_directory: Path) -> Iterator[Path]:
    """The course's images, where every container can read them and none can write."""
    folder = session_directory / "pack"
    client = docker_engine.client()
    create_pack(client, folder, [full_name(name) for name in standin_names()])
    client.close()
    subprocess.run(["chmod", "--recursive", "a-w", folder], check=True)
    yield folder
    subprocess.run(["chmod", "--recursive", "u+w", folder], check=True)
