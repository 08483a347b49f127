"""Walk the candidates until an engine answers, and remember why the others did not."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.connection.address import Address
from dockerlab.connection.candidates import (
    FOUND_VARIABLE,
    Candidate,
    Source,
    Surroundings,
    candidates,
    named_engine,
)
from dockerlab.connection.facts import EngineFacts, EngineKind, read_facts
from dockerlab.connection.probe import TIMEOUT, probe
from dockerlab.connection.starting import start_embedded, start_podman
from dockerlab.errors import ConnectionProblem, EngineAbsent, NoEngine, NotDocker, SocketMissing

if TYPE_CHECKING:
    import docker

CALL_TIMEOUT = 300
"""Seconds the SDK waits for one answer: a pull through a slow line may be silent for long."""


@dataclass(frozen=True)
class Attempt:
    """One candidate that was looked at; `problem` is None for the one that was taken."""

    candidate: Candidate
    problem: ConnectionProblem | None


@dataclass(frozen=True)
class Connection:
    """An engine that answers."""

    client: docker.DockerClient
    address: Address
    source: Source
    facts: EngineFacts
    attempts: tuple[Attempt, ...]

    def export(self, environ: MutableMapping[str, str] = os.environ) -> dict[str, str | None]:
        """Lead `docker` commands of this process and its children to this engine.

        Returns the variables as they now are, None for those that must not be set.
        """
        variables = self.address.environment()
        if self.source not in (Source.HOST, Source.CONTEXT):
            variables[FOUND_VARIABLE] = self.address.url
        for name, value in variables.items():
            if value is None:
                environ.pop(name, None)
            else:
                environ[name] = value
        return variables


@dataclass(frozen=True)
class Search:
    """The whole walk: the connection, if there is one, and every place that was looked at."""

    connection: Connection | None
    attempts: tuple[Attempt, ...]


def find(
    *,
    around: Surroundings | None = None,
    packs: Callable[[], Sequence[Path]] = tuple,
    timeout: float = TIMEOUT,
) -> Connection:
    """Return a connection to the first engine of the list that answers.

    `packs` gives the image layouts that an embedded engine may take images from when no registry
    has them; it is called only if that engine is about to be started. `timeout` is in seconds, for
    each address.

    Raises:
        ConnectionProblem: what the user named cannot be reached, or nothing was found.

    """
    around = around or Surroundings.of_this_process()
    found = search(around, packs=packs, timeout=timeout)
    if found.connection is not None:
        return found.connection
    raise reason_for_nothing(named_engine(around.environ), found.attempts)


def search(
    around: Surroundings, *, packs: Callable[[], Sequence[Path]] = tuple, timeout: float = TIMEOUT
) -> Search:
    """Look at one candidate after the other until one answers or a named one has failed.

    Raises:
        ConnectionProblem: what the user named makes no sense, so that nothing could be tried.

    """
    attempts: list[Attempt] = []
    for candidate in candidates(around):
        try:
            address, facts, client = _try(candidate, around, packs, timeout)
        except ConnectionProblem as problem:
            attempts.append(Attempt(candidate, problem))
            if candidate.named:
                break
            continue
        attempts.append(Attempt(dataclasses.replace(candidate, address=address), None))
        taken = Connection(client, address, candidate.source, facts, tuple(attempts))
        return Search(taken, tuple(attempts))
    return Search(None, tuple(attempts))


def _try(
    candidate: Candidate,
    around: Surroundings,
    packs: Callable[[], Sequence[Path]],
    timeout: float,
) -> tuple[Address, EngineFacts, docker.DockerClient]:
    address = candidate.address
    if candidate.source is Source.EMBEDDED:
        address = start_embedded(packs=packs)
    elif candidate.source is Source.PODMAN_STARTED:
        address = start_podman(around.runtime_folder)
    assert address is not None
    ping = probe(address, timeout=timeout)
    client = open_client(address, api_version=ping.api_version)
    facts = _facts(client, address)
    if candidate.kind not in (None, facts.kind):
        client.close()
        raise EngineAbsent("connection.other_kind", address=address, engine=facts.kind.title())
    return address, facts, client


def _facts(client: docker.DockerClient, address: Address) -> EngineFacts:
    import requests  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        return read_facts(client)
    except (DockerException, requests.RequestException) as error:
        client.close()
        raise NotDocker("connection.half_answer", address=address, reason=error) from error


def open_client(address: Address, *, api_version: str) -> docker.DockerClient:
    """Return the SDK's client for an address that has answered a ping."""
    import docker  # noqa: PLC0415 - costs 0.2 s

    tls: bool | docker.tls.TLSConfig = False
    if address.tls and address.certificates is not None:
        pair = (str(address.certificates / "cert.pem"), str(address.certificates / "key.pem"))
        authority = address.certificates / "ca.pem"
        tls = docker.tls.TLSConfig(
            client_cert=pair if Path(pair[0]).exists() else None,
            ca_cert=str(authority) if authority.exists() else None,
            verify=address.verify,
        )
    client = docker.DockerClient(
        base_url=address.url, version=api_version, timeout=CALL_TIMEOUT, tls=tls
    )
    if address.tls:
        # Else requests lets REQUESTS_CA_BUNDLE, meant for the web, override the engine's own CA.
        client.api.trust_env = False
    return client


def reason_for_nothing(wanted: EngineKind | None, attempts: Sequence[Attempt]) -> ConnectionProblem:
    """Return the problem that helps most: a socket that is there says more than one that is not."""
    problems = [attempt.problem for attempt in attempts if attempt.problem is not None]
    if attempts and attempts[-1].candidate.named and problems:
        return problems[-1]
    telling = [problem for problem in problems if not isinstance(problem, SocketMissing)]
    if wanted is None:
        return NoEngine(reasons="\n".join(f"- {problem}" for problem in telling))
    return telling[0] if telling else EngineAbsent(engine=wanted.title())
