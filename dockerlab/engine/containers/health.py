"""Health checks: a command that is run in a container again and again (``HEALTHCHECK``).

The rules are the Docker Engine's. A check that fails counts, unless the container is still
starting and within its start period; ``retries`` failures in a row make it unhealthy, one success
makes it healthy.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec

from dockerlab.engine.containers.exec_instance import ExecConfig
from dockerlab.engine.containers.execs import Execs
from dockerlab.engine.containers.model import Container, Health, HealthResult, HealthStatus
from dockerlab.engine.containers.register import Register
from dockerlab.engine.dockerfile.configuration import SHELL
from dockerlab.engine.dockerfile.formats import duration
from dockerlab.engine.errors import EngineError, NotFound
from dockerlab.engine.oci import HealthConfig
from dockerlab.engine.timestamp import SECOND

_INTERVAL, _TIMEOUT, _START_INTERVAL = 30 * SECOND, 30 * SECOND, 5 * SECOND
_RETRIES = 3
_REMEMBERED = 5
_OUTPUT = 4096
"""Bytes of a check's output that are kept."""
_FAILED = -1
"""The exit code of a check that did not end by itself."""
_log = logging.getLogger(__name__)


class HealthChecks:
    """The health checks of the containers that run."""

    def __init__(self, register: Register, execs: Execs) -> None:
        self._register = register
        self._execs = execs
        self._monitors: dict[str, asyncio.Task[None]] = {}

    def at_start(self, container: Container) -> Health | None:
        """What is known of a container's health when it starts: None where nothing is checked."""
        if not _command(container):
            return None
        log = container.state.health.log if container.state.health else ()
        return Health(status=HealthStatus.STARTING, log=log)

    def begin(self, container: Container) -> None:
        """Check from now on, if there is something to check."""
        if not _command(container):
            return
        self._cancel(container.id)
        monitor = asyncio.create_task(self._monitor(container))
        self._monitors[container.id] = monitor

    def end(self, container: Container) -> Health | None:
        """Check no more; the health of what is not checked any longer, as Docker has it."""
        self._cancel(container.id)
        health = container.state.health
        return msgspec.structs.replace(health, status=HealthStatus.UNHEALTHY) if health else None

    async def close(self) -> None:
        """Stop all checks."""
        monitors = list(self._monitors.values())
        for container_id in list(self._monitors):
            self._cancel(container_id)
        await asyncio.gather(*monitors, return_exceptions=True)

    def _cancel(self, container_id: str) -> None:
        monitor = self._monitors.pop(container_id, None)
        if monitor is not None:
            monitor.cancel()

    async def _monitor(self, container: Container) -> None:
        try:
            async for _moment in self._moments(container):
                self._judge(container, await self._check(container))
        except NotFound:
            return  # removed meanwhile
        except Exception:  # nobody waits for this task
            _log.exception("the health of container %s is not checked any more", container.id)

    async def _moments(self, container: Container) -> AsyncIterator[int]:
        """When to check: more often while the container is starting."""
        config = _config(container)
        while True:
            now = self._register.find(container.id)
            age = self._register.now() - now.state.started_at
            starting = now.state.health is None or now.state.health.status == HealthStatus.STARTING
            interval = config.interval or _INTERVAL
            if starting and age < config.start_period:
                interval = config.start_interval or _START_INTERVAL
            await asyncio.sleep(interval / SECOND)
            yield self._register.now()

    async def _check(self, container: Container) -> HealthResult:
        started = self._register.now()
        output = _Output()
        limit = _config(container).timeout or _TIMEOUT
        try:
            code = await self._run(container, output, limit)
        except TimeoutError:
            code = _FAILED
            said = f": {output.text}" if output.text else ""
            output = _Output(f"Health check exceeded timeout ({duration(limit)}){said}")
        except EngineError as error:
            code, output = _FAILED, _Output(str(error))
        return HealthResult(
            start=started, end=self._register.now(), exit_code=code, output=output.text
        )

    async def _run(self, container: Container, output: "_Output", limit: int) -> int:
        config = ExecConfig(cmd=_command(container), attach_stdout=True, attach_stderr=True)
        made = self._execs.create(container.id, config)
        attachment = self._execs.attach(made.id, tty=False)
        try:
            await self._execs.start(made.id)
            async with asyncio.timeout(limit / SECOND):
                async for _stream, data in attachment:
                    output.add(data)
                return await self._execs.wait(made.id)
        except BaseException:
            self._execs.kill(made.id)
            raise
        finally:
            attachment.close()

    def _judge(self, container: Container, result: HealthResult) -> None:
        """Enter a check's result, and tell when it changes how the container is."""
        current = self._register.find(container.id)
        health = current.state.health
        if health is None or not current.state.running:
            return
        age = result.start - current.state.started_at
        new = after(health, result, _config(container), age=age)
        self._register.change(container.id, health=new)
        if new.status != health.status:
            self._register.publish(container, f"health_status: {new.status}")


class _Output:
    """The beginning of what a check wrote."""

    def __init__(self, text: str = "") -> None:
        self._data = text.encode()

    def add(self, data: bytes) -> None:
        self._data = (self._data + data)[: _OUTPUT + 1]

    @property
    def text(self) -> str:
        kept = self._data[:_OUTPUT].decode(errors="replace")
        return f"{kept}..." if len(self._data) > _OUTPUT else kept


def after(health: Health, result: HealthResult, config: HealthConfig, *, age: int) -> Health:
    """The health after one more check, ``age`` nanoseconds after the container's start."""
    status, streak = health.status, health.failing_streak
    if result.exit_code == 0:
        status, streak = HealthStatus.HEALTHY, 0
    elif status != HealthStatus.STARTING or age >= config.start_period:
        streak += 1
        if streak >= (config.retries if config.retries > 0 else _RETRIES):
            status = HealthStatus.UNHEALTHY
    log = (*health.log, result)[-_REMEMBERED:]
    return Health(status=status, failing_streak=streak, log=log)


def _config(container: Container) -> HealthConfig:
    return container.spec.config.healthcheck or HealthConfig()


def _command(container: Container) -> tuple[str, ...]:
    """The command that checks; none where nothing is to be checked."""
    kind, *words = _config(container).test or ("NONE",)
    if kind == "CMD":
        return tuple(words)
    if kind == "CMD-SHELL":
        return (*(container.spec.config.shell or SHELL), *words)
    return ()
