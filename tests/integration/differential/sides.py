"""One engine's run through a scenario, and how two such runs differ."""

import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.engines.engine import Engine
from tests.integration.differential.comparison import (
    Answer,
    Difference,
    compare_json,
    compare_text,
    parse,
    unexpected,
)
from tests.integration.differential.normal import Normal
from tests.integration.differential.scenarios import Scenario, Step


class Side:
    """One engine's run through a scenario."""

    def __init__(self, engine: Engine, files: Path, registry: str) -> None:
        self.engine = engine
        self.normal = Normal()
        self._files = files
        self._registry = f"{registry}/of-{engine.name}"
        self._start = time.time()

    def run(self, step: Step) -> Answer:
        """Run one step on this engine."""
        line = step.command.format(
            files=self._files,
            registry=self._registry,
            start=f"{self._start:.6f}",
            now=f"{time.time():.6f}",
        )
        arguments = shlex.split(line)[1:]
        done = self.engine.docker(*arguments, stdin=step.stdin, timeout=60)
        stdout = done.stdout.decode(errors="replace")
        (self.normal.learn_image if step.new_image else self.normal.learn)(stdout)
        return Answer(
            self._local(stdout), self._local(done.stderr.decode(errors="replace")), done.returncode
        )

    def _local(self, text: str) -> str:
        text = text.replace(self._registry, "<registry>")
        text = text.replace(f"{self._registry.partition('/')[2]}/", "")
        text = text.replace(self.engine.environment["DOCKER_CONFIG"], "<config>")
        return text.replace(str(self._files), "<files>")


def compare(scenario: Scenario, docker: Side, embedded: Side) -> list[str]:
    """Lead both engines through a scenario; the differences that the table does not allow."""
    failures = []
    try:
        for step in scenario.steps:
            wrong = unexpected(step.command, _differences(step, docker, embedded))
            failures += [f"{step.command}\n    {difference}" for difference in wrong]
    finally:
        for side in (docker, embedded):
            _clean(side.engine)
    return failures


def _differences(step: Step, docker: Side, embedded: Side) -> list[Difference]:
    with ThreadPoolExecutor(2) as both:  # at once: some steps are about time
        one, other = both.map(lambda side: side.run(step), (docker, embedded))
    found: list[Difference] = []
    if one.exit_code != other.exit_code:
        codes = Difference("exit code", str(one.exit_code), f"{other.exit_code} {other.stderr}")
        found.append(codes)
    if step.json and one.stdout and other.stdout:
        found += compare_json(
            parse(one.stdout, docker.normal), parse(other.stdout, embedded.normal)
        )
    else:
        found += compare_text(
            docker.normal.text(one.stdout),
            embedded.normal.text(other.stdout),
            unordered=step.unordered,
        )
    found += compare_text(
        docker.normal.text(one.stderr), embedded.normal.text(other.stderr), unordered=False
    )
    return found


def _clean(engine: Engine) -> None:
    left = engine.docker("ps", "-aq", "--filter", "name=d-").stdout.decode().split()
    if left:
        engine.docker("rm", "-fv", *left)
    volumes = engine.docker("volume", "ls", "-q", "--filter", "name=^d-").stdout.decode().split()
    if volumes:
        engine.docker("volume", "rm", "-f", *volumes)
