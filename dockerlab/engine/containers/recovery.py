"""After an engine has died: its containers are ended, and what it left half done is finished."""

import shutil
from contextlib import suppress

from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.model import Container, State, Status
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.removal import Removal
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.errors import EngineError
from dockerlab.engine.runtime.process import kill_survivor
from dockerlab.engine.runtime.runtime import Runtime


async def recover(
    register: Register,
    lives: Lives,
    *,
    starter: Starter,
    removal: Removal,
    runtime: Runtime,
) -> None:
    """Bring the register and the machine together again.

    A process that outlived its engine cannot be taken over: its output went to pipes that nobody
    holds any more. It is killed, if it is the one that was started, and reported as killed (137).
    """
    for container in register.all():
        state = container.state
        if state.running or state.status is Status.RESTARTING:
            kill_survivor(state.pid, state.pid_started)
            await _forget_run(container, starter, runtime)
            ended = register.change(container.id, **_crashed(state, register.now()))
            if ended.spec.host.auto_remove:
                await removal.remove(ended, lives.of(ended), volumes=True)
        elif state.status is Status.REMOVING:
            await _forget_run(container, starter, runtime)
            await removal.remove(container, lives.of(container))
    _sweep(register)


def _crashed(state: State, now: int) -> dict[str, object]:
    """The changes to the state of a container whose engine died."""
    return {
        "status": Status.EXITED,
        "pid": 0,
        "pid_started": 0,
        "exit_code": 137,
        "finished_at": max(now, state.started_at),
    }


async def _forget_run(container: Container, starter: Starter, runtime: Runtime) -> None:
    with suppress(EngineError):
        starter.unmount(container.id)
    with suppress(EngineError):
        await runtime.delete(container.id)


def _sweep(register: Register) -> None:
    """Remove directories that belong to no container."""
    known = {container.id for container in register.all()}
    for home in register.directory.iterdir():
        if home.name not in known:
            shutil.rmtree(home, ignore_errors=True)
