"""What this machine offers for the lessons: what was tried, what was found, what would help."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dockerlab.connection import NO_RUNTIME, EngineFacts, EngineKind, Source
from dockerlab.connection.candidates import Candidate, Surroundings, candidates
from dockerlab.connection.find import Attempt, search
from dockerlab.connection.probe import probe
from dockerlab.connection.registry import RegistryAnswer, ask_registries, registry_urls
from dockerlab.errors import ConnectionProblem, SocketForbidden, SocketMissing, StandInProblem
from dockerlab.messages import text
from dockerlab.packs import PackProblem, named_packs, names_in
from dockerlab.standins import packs
from dockerlab.standins.host import SYSTEM_PATH
from dockerlab.standins.rootfs import base_layer

PROGRAMS = {
    "docker": ("doctor.program_docker", "docker-cli"),
    "crun": ("doctor.program_crun", "crun"),
    "runc": ("doctor.program_runc", "runc"),
    "proot": ("doctor.program_proot", "proot"),
    "newuidmap": ("doctor.program_newuidmap", "uidmap"),
    "dot": ("doctor.program_dot", "graphviz"),
    "podman": ("doctor.program_podman", "podman"),
}
"""Each program's purpose (a key of the locales) and Debian package."""


@dataclass(frozen=True)
class Place:
    """A place where an engine was looked for. `outcome` is a sentence, empty for the one taken."""

    source: Source
    address: str
    taken: bool
    outcome: str


@dataclass(frozen=True)
class Program:
    """A program that the lessons use; `path` is empty where it is missing."""

    name: str
    path: str

    @property
    def purpose(self) -> str:
        """What it is for, in the reader's language."""
        return text(PROGRAMS[self.name][0])


@dataclass(frozen=True)
class NamedPack:
    """A pack of `DOCKERLAB_PACKS`: how many images it has, or the sentence on why it is none."""

    path: str
    images: int
    problem: str = ""


@dataclass(frozen=True)
class Report:
    """All that was found out. `needs` are the sentences on what keeps a lesson from running."""

    places: tuple[Place, ...]
    engine: EngineFacts | None
    registries: tuple[RegistryAnswer, ...]
    packs: tuple[NamedPack, ...]
    standins: bool
    programs: tuple[Program, ...]
    needs: tuple[str, ...]
    advice: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether a lesson can run: an engine answers, `docker` is there, images can be had."""
        return not self.needs

    @property
    def images_only(self) -> bool:
        """Whether the engine can do everything with images, and run no container."""
        return self.engine is not None and self.engine.runtime == NO_RUNTIME


def examine(around: Surroundings | None = None) -> Report:
    """Look at everything, starting the embedded engine if there is no other."""
    around = around or Surroundings.of_this_process()
    attempts, engine = _attempts(around)
    programs = tuple(_find(name) for name in PROGRAMS)
    registries = tuple(ask_registries(registry_urls(engine.mirrors if engine else ())))
    named = tuple(_look_into(path) for path in named_packs(around.environ))
    standins = _standins_possible()
    sources = (*(answer.answers for answer in registries), *(pack.images for pack in named))
    can_get_images = standins or any(sources)
    return Report(
        places=(*_tried(attempts), *_not_tried(around, attempts)),
        engine=engine,
        registries=registries,
        packs=named,
        standins=standins,
        programs=programs,
        needs=tuple(_needs(engine, attempts, programs, can_get_images=can_get_images)),
        advice=tuple(_advice(attempts, engine, programs, registries)),
    )


def _attempts(around: Surroundings) -> tuple[Sequence[Attempt], EngineFacts | None]:
    try:
        found = search(around, packs=packs)
    except ConnectionProblem as problem:  # what the user named makes no sense
        return (Attempt(Candidate(Source.HOST, None, named=True), problem),), None
    if found.connection is None:
        return found.attempts, None
    found.connection.client.close()
    return found.attempts, found.connection.facts


def _tried(attempts: Sequence[Attempt]) -> Iterator[Place]:
    for attempt in attempts:
        address = str(attempt.candidate.address or "")
        outcome = _outcome(attempt.problem) if attempt.problem else ""
        yield Place(attempt.candidate.source, address, attempt.problem is None, outcome)


def _not_tried(around: Surroundings, attempts: Sequence[Attempt]) -> Iterator[Place]:
    """Yield the places after the one that was taken, knocked at all the same."""
    try:
        rest = candidates(around)[len(attempts) :]
    except ConnectionProblem:
        return
    for candidate in rest:
        if candidate.address is None:
            yield Place(candidate.source, "", taken=False, outcome=text("doctor.not_needed"))
            continue
        try:
            probe(candidate.address, timeout=1.0)
            outcome = text("doctor.not_needed")
        except ConnectionProblem as problem:
            outcome = _outcome(problem)
        yield Place(candidate.source, str(candidate.address), taken=False, outcome=outcome)


def _outcome(problem: ConnectionProblem) -> str:
    # The address stands beside it, so that the usual case can be short.
    return text("doctor.nothing_there") if isinstance(problem, SocketMissing) else str(problem)


def _find(name: str) -> Program:
    # /usr/sbin too: an ordinary user's PATH on Debian lacks it, and runc lives there.
    path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    return Program(name, shutil.which(name, path=path) or "")


def _look_into(path: Path) -> NamedPack:
    try:
        return NamedPack(str(path), len(names_in(path)))
    except (PackProblem, OSError) as problem:
        return NamedPack(str(path), 0, str(problem))


def _standins_possible() -> bool:
    try:
        base_layer()
    except (StandInProblem, OSError):
        return False
    return sys.platform == "linux"


def _needs(
    engine: EngineFacts | None,
    attempts: Sequence[Attempt],
    programs: Sequence[Program],
    *,
    can_get_images: bool,
) -> Iterator[str]:
    if engine is None:
        named = [attempt.problem for attempt in attempts if attempt.candidate.named]
        telling = [attempt.problem for attempt in attempts if _tells(attempt.problem)]
        yield from (str(problem) for problem in named or telling[-1:])
        if not named:
            yield text("doctor.need_engine")
    if not _has(programs, "docker"):
        yield text("doctor.need_cli")
    if not can_get_images:
        yield text("doctor.need_images")


def _tells(problem: ConnectionProblem | None) -> bool:
    return problem is not None and not isinstance(problem, SocketMissing)


def _advice(
    attempts: Sequence[Attempt],
    engine: EngineFacts | None,
    programs: Sequence[Program],
    registries: Sequence[RegistryAnswer],
) -> Iterator[str]:
    keys = {attempt.problem.sentence_key for attempt in attempts if attempt.problem}
    if SocketForbidden.key in keys:
        yield text("doctor.advice_group")
    embedded = engine is None or engine.kind is EngineKind.EMBEDDED
    runs_nothing = engine is None or engine.runtime == NO_RUNTIME
    if embedded and _has(programs, "podman"):
        yield text("doctor.advice_podman")
    for program in programs:
        if not program.path and _useful(
            program.name, programs, embedded=embedded, engine_runs_nothing=runs_nothing
        ):
            package = PROGRAMS[program.name][1]
            yield text(
                "doctor.advice_install",
                program=program.name,
                purpose=program.purpose,
                package=package,
            )
    if not any(answer.answers for answer in registries):
        yield text("doctor.advice_mirror")


def _useful(
    name: str, programs: Sequence[Program], *, embedded: bool, engine_runs_nothing: bool
) -> bool:
    match name:
        case "crun":
            return embedded and not _has(programs, "runc")
        case "proot":  # the last resort, where neither of those works
            return embedded and engine_runs_nothing
        case "newuidmap":
            return embedded and os.getuid() != 0
        case "dot":
            return True
        case _:
            return False


def _has(programs: Sequence[Program], name: str) -> bool:
    return any(program.path for program in programs if program.name == name)
