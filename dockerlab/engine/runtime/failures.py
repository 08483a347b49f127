"""Why a process did not start, in Docker's words, whichever runtime said it.

Docker's client decides by the words whether ``docker run`` exits with 126, 127 or 125, so they
must be the same from crun as from runc.
"""

import re
from collections.abc import Sequence

from dockerlab.engine.errors import (
    CommandFailedToStart,
    CommandNotExecutable,
    CommandNotFound,
    EngineError,
    SystemFailure,
)

CREATE = (
    "failed to create task for container: failed to create shim task: "
    "OCI runtime create failed: runc create failed: unable to start container process: "
    "error during container init: "
)
EXEC = "OCI runtime exec failed: exec failed: unable to start container process: "

_RUNC_EXEC = re.compile(r'exec: ".*', re.DOTALL)
_NOT_FOUND = re.compile(r"not found in \$PATH|[Nn]o such file or directory|cannot find")
_EXECUTABLE = re.compile(r"executable|exec ")
_NO_DIRECTORY = re.compile(r"chdir `(.*)`: (.*)|(chdir to cwd \(.*)", re.DOTALL)
_DENIED = re.compile(r"[Pp]ermission denied")
# crun's word for a directory, and for what is no regular file.
_NO_FILE = re.compile(r"[Oo]peration not permitted|[Ii]s a directory")


def failure(message: str, arguments: Sequence[str], *, beginning: str = CREATE) -> EngineError:
    """The error for a runtime's ``message`` after it could not start ``arguments``.

    >>> failure("executable file `sl` not found in $PATH: No such file or directory", ["sl"])
    ... # doctest: +ELLIPSIS
    CommandNotFound('failed to create task ... exec: "sl": executable file not found in $PATH')

    """
    command = arguments[0] if arguments else ""
    cause, kind = _cause(message, command)
    if kind is not None:
        return kind(f"{beginning}{cause}")
    short = beginning.partition("unable to start")[0]
    return SystemFailure(f"{short}{message}")


def _cause(message: str, command: str) -> tuple[str, type[CommandFailedToStart] | None]:
    if place := _NO_DIRECTORY.search(message):
        reason = (place[2] or "").lower()
        cause = place[3] or f'chdir to cwd ("{place[1]}") set in config.json failed: {reason}'
        return cause, CommandNotFound if _NOT_FOUND.search(cause) else None
    said = _RUNC_EXEC.search(message)
    if said:
        return said.group(), _kind(said.group())
    return _crun_cause(message, command) if _EXECUTABLE.search(message) else (message, None)


def _kind(cause: str) -> type[CommandFailedToStart] | None:
    if _NOT_FOUND.search(cause):
        return CommandNotFound
    return CommandNotExecutable if _DENIED.search(cause) else None


def _crun_cause(message: str, command: str) -> tuple[str, type[CommandFailedToStart] | None]:
    if _NOT_FOUND.search(message):
        reason = (
            f"stat {command}: no such file or directory"
            if "/" in command
            else "executable file not found in $PATH"
        )
        return f'exec: "{command}": {reason}', CommandNotFound
    if _NO_FILE.search(message):
        return f'exec: "{command}": is a directory: permission denied', CommandNotExecutable
    if _DENIED.search(message):
        return f'exec: "{command}": permission denied', CommandNotExecutable
    return message, None
