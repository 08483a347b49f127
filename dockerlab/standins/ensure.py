"""See that the lessons' images can be had: the learner's own, the real ones, or stand-ins.

The order never changes: what the engine already has stays and is used; then the engine's own
registries; then the mirrors of `DOCKERLAB_REGISTRY_MIRRORS`; then the packs of `DOCKERLAB_PACKS`;
then a stand-in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dockerlab.connection import EngineFacts, EngineKind, read_facts
from dockerlab.connection.registry import ask_registries, named_mirrors, registry_urls
from dockerlab.errors import StandInProblem
from dockerlab.labels import STANDIN_LABEL
from dockerlab.messages import text
from dockerlab.standins.catalog import has_standin, make_standin
from dockerlab.standins.image import docker_archive
from dockerlab.standins.packed import from_packs

if TYPE_CHECKING:
    import docker

ASK_SECONDS = 5
"""How long an engine may take to ask its registry for a manifest before we call it offline."""


@dataclass
class Provision:
    """What became of the images that were asked for, by name.

    `real`: the engine has the image, or can pull it; `standins`: a stand-in takes its place;
    `unavailable`: neither.
    """

    real: list[str] = field(default_factory=list)
    standins: list[str] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)


def say_on_stderr(line: str) -> None:
    """Show a line of progress beside the output, not in it."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def ensure_images(
    client: docker.DockerClient,
    names: Sequence[str],
    *,
    say: Callable[[str], None] = say_on_stderr,
) -> Provision:
    """See that the engine has each of the images, pulling or making what is missing.

    An image that is there is never replaced. `say` gets a line for each step.
    """
    return _provide(client, names, pull=True, say=say)


def prepare_images(
    client: docker.DockerClient,
    names: Sequence[str],
    *,
    say: Callable[[str], None] = say_on_stderr,
) -> Provision:
    """See that `docker run NAME` will work for each, and leave the pulling to it.

    For a lesson that shows the pull itself. Only where the engine could not pull an image by
    itself is something loaded beforehand: the real image from a mirror that only we were told of,
    or the stand-in. The embedded engine finds stand-ins by itself when it pulls.
    """
    return _provide(client, names, pull=False, say=say)


def _provide(
    client: docker.DockerClient, names: Sequence[str], *, pull: bool, say: Callable[[str], None]
) -> Provision:
    provision = Provision()
    missing = []
    for name in names:
        labels = _labels(client, name)
        if labels is None:
            missing.append(name)
        elif STANDIN_LABEL in labels:
            provision.standins.append(name)
        else:
            provision.real.append(name)
    if missing:
        registries = _Registries(client, read_facts(client))
        for name in missing:
            _provide_one(registries, name, provision, pull=pull, say=say)
    return provision


def _provide_one(
    registries: _Registries,
    name: str,
    provision: Provision,
    *,
    pull: bool,
    say: Callable[[str], None],
) -> None:
    client, facts = registries.client, registries.facts
    from_registry = registries.can_pull(name)
    if (
        (from_registry and not pull)
        or (from_registry and _pull(client, name, say=say))
        or _pull_from_mirrors(client, facts, name, say=say)
        or from_packs(client, facts, name, pull=pull, say=say)
    ):
        provision.real.append(name)
    elif (facts.kind is EngineKind.EMBEDDED and not pull and has_standin(name)) or _load_standin(
        client, facts, name, say=say
    ):
        provision.standins.append(name)
    else:
        provision.unavailable.append(name)


def _labels(client: docker.DockerClient, name: str) -> Mapping[str, str] | None:
    from docker.errors import ImageNotFound  # noqa: PLC0415

    try:
        config = client.images.get(name).attrs.get("Config") or {}
    except ImageNotFound:
        return None
    return config.get("Labels") or {}


class _Registries:
    """What an engine can pull, each silent registry asked and waited for once only."""

    def __init__(self, client: docker.DockerClient, facts: EngineFacts) -> None:
        self.client = client
        self.facts = facts
        self._silent: set[str] = set()

    def can_pull(self, name: str) -> bool:
        """Ask the engine for the manifest: it knows its mirrors, its proxy and its credentials.

        Podman has no such question, and the embedded engine answers from its packs as well; there
        we look for a registry ourselves.
        """
        import requests  # noqa: PLC0415
        from docker.errors import APIError  # noqa: PLC0415

        registry = name.partition("/")[0] if _has_registry(name) else "docker.io"
        if registry in self._silent:
            return False
        if self.facts.kind is not EngineKind.DOCKER:
            return self._answers(registry)
        try:
            with _patience(self.client, ASK_SECONDS):
                self.client.images.get_registry_data(name)
        except APIError as error:
            if error.is_server_error():  # the engine could not reach it; 4xx is about the image
                self._silent.add(registry)
            return False
        except requests.RequestException:
            self._silent.add(registry)
            return False
        return True

    def _answers(self, registry: str) -> bool:
        """Look for a registry ourselves, where the engine cannot be asked."""
        hub = registry == "docker.io"
        urls = registry_urls(self.facts.mirrors, environ={}) if hub else [f"https://{registry}"]
        if any(answer.answers for answer in ask_registries(urls)):
            return True
        self._silent.add(registry)
        return False


def _pull(client: docker.DockerClient, name: str, *, say: Callable[[str], None]) -> bool:
    from docker.errors import APIError  # noqa: PLC0415

    say(text("ensure.pulling", name=name))
    tag = None if ":" in name.rpartition("/")[2] else "latest"
    try:
        for step in client.api.pull(name, tag=tag, stream=True, decode=True):
            if "error" in step:
                return False
            if step.get("status") in ("Pull complete", "Already exists"):
                say(f"  {step['id']}: {step['status']}")
    except APIError:
        return False
    say(text("ensure.pulled", name=name))
    return True


def _pull_from_mirrors(
    client: docker.DockerClient, facts: EngineFacts, name: str, *, say: Callable[[str], None]
) -> bool:
    """Pull from a mirror that only dockerlab was told of, and give the image its usual name."""
    if _has_registry(name):
        return False
    for answer in ask_registries(url for url in named_mirrors() if url not in facts.mirrors):
        if answer.answers and _pull_by_other_name(client, answer.url, name, say=say):
            return True
    return False


def _pull_by_other_name(
    client: docker.DockerClient, mirror: str, name: str, *, say: Callable[[str], None]
) -> bool:
    repository, _, tag = name.partition(":")
    path = repository if "/" in repository else f"library/{repository}"
    there = f"{mirror.partition('://')[2]}/{path}:{tag or 'latest'}"
    if not _pull(client, there, say=say):
        return False
    client.api.tag(there, repository, tag or "latest")
    client.api.remove_image(there)
    return True


def _has_registry(name: str) -> bool:
    first, slash, _ = name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _load_standin(
    client: docker.DockerClient, facts: EngineFacts, name: str, *, say: Callable[[str], None]
) -> bool:
    try:
        standin = make_standin(name, architecture=facts.platform.partition("/")[2])
    except StandInProblem:
        return False
    say(text("ensure.making", name=name))
    client.images.load(docker_archive([standin]))
    return True


@contextmanager
def _patience(client: docker.DockerClient, seconds: int) -> Iterator[None]:
    usual = client.api.timeout
    client.api.timeout = seconds
    try:
        yield
    finally:
        client.api.timeout = usual
