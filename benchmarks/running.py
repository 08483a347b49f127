"""The engines that are measured, started side by side with one registry on loopback."""

import tempfile
from collections.abc import Iterator, Sequence
from compileall import compile_dir
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dockerlab
from tests.engines.embedded import running_embedded
from tests.engines.engine import Engine
from tests.engines.fixtures import fill
from tests.engines.podman import running_podman
from tests.engines.reference import running_docker
from tests.engines.registry import Registry, running_registry

KINDS = ("docker", "podman", "oci-root", "oci-user", "proot")


@dataclass(frozen=True)
class Field:
    """The runners, and where they pull from."""

    engines: Sequence[Engine]
    registry: Registry


@contextmanager
def running(kinds: Sequence[str] = KINDS) -> Iterator[Field]:
    """Start the named engines, each with a store of its own, and a registry for them all."""
    compile_dir(next(iter(dockerlab.__path__)), quiet=1)  # as pip does with what it installs
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        directory.chmod(0o755)  # an ordinary user's engine lives in here, too
        for name in ("registry", *kinds):
            (directory / name).mkdir()
        registry = stack.enter_context(running_registry(directory / "registry"))
        fill(registry)
        engines = [
            stack.enter_context(_starting(kind, directory / kind, registry)) for kind in kinds
        ]
        yield Field(engines, registry)


def _starting(kind: str, state: Path, registry: Registry) -> AbstractContextManager[Engine]:
    if kind == "docker":
        return running_docker(state, mirror=registry.url)
    if kind == "podman":
        return running_podman(state, mirror=registry.address)
    return running_embedded(kind, state, mirror=registry.url)
