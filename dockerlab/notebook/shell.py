"""IPython's `!` for `docker` commands: shown as they run, their exit code kept.

    !docker run hello-world

is what a learner types in a terminal, so it is what the lessons' cells say. By itself IPython runs
it on a pseudo-terminal of 80 columns. `docker pull` then draws progress bars with cursor movements
that a saved notebook cannot show. So after `dockerlab.connect()`, `!docker …` runs here instead:

- through a pipe, so that `docker` writes plain lines: stdout and stderr on the same pipe, which
  keeps their order, as a terminal would;
- each piece is shown as soon as it comes;
- the exit code is in `_exit_code`, as IPython does it, and a failing command raises nothing;
- Ctrl-C (Kernel > Interrupt) is passed on once, to the command, and `_exit_code` is 130;
- a command that asks for a terminal (`-t`) is refused with a sentence: a cell has none;
- a `docker commit` that an older Podman does not understand is done in Python, and says so;
- a command that ended with a question (`[y/N]`), which nobody could answer, is followed by one;
- `{name}` and `$name` are filled in from the notebook's variables, as always, but `{{.ID}}` stays
  what it is, as in a terminal: IPython by itself would make `{.ID}` of a `--format`.

That holds for every line in which a command `docker` begins, be it behind a pipe. Every other `!`
line is IPython's own.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from dockerlab import messages
from dockerlab.linting import find_programs

INTERRUPTED = 130
"""128 + SIGINT, what a shell reports for a command that Ctrl-C ended."""
REFUSED = 2
GRACE = 5.0
"""Seconds that an interrupted command gets to end by itself."""

_DOCKER = re.compile(r"(^|[|;&(])\s*docker(\s|$)")
_QUESTION = "[y/N]"
"""How `docker … prune` ends its question whether it shall."""
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Characters for private use, which stand for `{{` and `}}` while IPython fills in variables."""
_SWITCHES = frozenset(
    {"d", "detach", "i", "interactive", "t", "tty", "q", "quiet", "P", "publish-all", "rm"}
    | {"init", "privileged", "read-only", "sig-proxy", "no-healthcheck", "oom-kill-disable"}
    | {"disable-content-trust", "help"}
)
"""The options of `docker run` and `docker exec` that take no value."""


@dataclass
class Command:
    """A `docker` command as it ran: times in seconds since the epoch, its output by moments."""

    line: str
    started: float
    ended: float | None = None
    exit_code: int | None = None
    output: list[tuple[float, str]] = field(default_factory=list)

    def seen(self, words: str) -> float | None:
        """Return when `words` first stood in the output, or None."""
        text = ""
        for moment, piece in self.output:
            text += piece
            if words in text:
                return moment
        return None

    @property
    def text(self) -> str:
        """All that it has said so far."""
        return "".join(piece for _, piece in self.output)


Observer = Callable[[Command], None]
_observers: list[Observer] = []
_run = 0


def commands_run() -> int:
    """Return how many `!docker` commands this kernel has run."""
    return _run


def observe(observer: Observer) -> Callable[[], None]:
    """Call `observer` with each `!docker` command as it starts; return how to stop that."""
    _observers.append(observer)
    return lambda: _observers.remove(observer) if observer in _observers else None


def install(shell: Any) -> None:  # noqa: ANN401 - IPython is untyped
    """Make `shell` (an `InteractiveShell`) run `!docker …` through this module; twice is once."""
    if getattr(shell.system, "is_dockerlab", False):
        return
    find_programs()
    original = shell.system

    def system(line: str) -> None:
        if not _DOCKER.search(line):
            original(line)
            return
        kept = line.replace("{{", _OPEN).replace("}}", _CLOSE)
        # depth=1: the names in {braces} are the caller's, one frame up.
        filled = shell.var_expand(kept, depth=1)
        shell.user_ns["_exit_code"] = run(filled.replace(_OPEN, "{{").replace(_CLOSE, "}}"))

    system.is_dockerlab = True  # type: ignore[attr-defined]
    system.original = original  # type: ignore[attr-defined]
    shell.system = system


def uninstall(shell: Any) -> None:  # noqa: ANN401
    """Give `!docker …` back to IPython."""
    if getattr(shell.system, "is_dockerlab", False):
        shell.system = shell.system.original


def run(line: str, *, out: TextIO | None = None) -> int:
    """Run a command line through `sh`, show its output on `out` (stdout), return its exit code."""
    screen = out or sys.stdout
    if wants_terminal(line):
        screen.write(messages.text("shell.no_terminal", command=line.strip()) + "\n")
        return REFUSED
    global _run  # noqa: PLW0603 - one kernel has one shell
    _run += 1
    command = Command(line=line.strip(), started=time.time())
    for observer in tuple(_observers):
        observer(command)
    # A process group of its own: Jupyter interrupts the kernel's whole group, and `docker run`
    # would take that and our own signal for two presses of Ctrl-C.
    process = subprocess.Popen(  # noqa: S602 - `!` is a shell; the line is the learner's own
        line,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    command.exit_code = _follow(process, command, screen)
    command.ended = time.time()
    if command.exit_code and "Decode(): EOF" in command.text:
        command.exit_code = _again(command, screen)
    if command.text.rstrip().endswith(_QUESTION):
        screen.write("\n" + messages.text("shell.asked") + "\n")
    return command.exit_code


def _again(command: Command, screen: TextIO) -> int:
    """Do in Python what an older Podman did not understand; the exit code after that."""
    from dockerlab.notebook.lesson import learner_client  # noqa: PLC0415
    from dockerlab.notebook.old_podman import committed_in_python  # noqa: PLC0415

    said = committed_in_python(command.line, command.text, learner_client())
    if said is None:
        return command.exit_code or 0
    screen.write(f"{said}\n")
    return 0


def _follow(process: subprocess.Popen[bytes], command: Command, screen: TextIO) -> int:
    try:
        _copy(process, command, screen)
        return _as_shell(process.wait())
    except KeyboardInterrupt:
        _stop(process)
        screen.write("^C\n")
        return INTERRUPTED
    finally:
        if process.stdout:
            process.stdout.close()


def _copy(process: subprocess.Popen[bytes], command: Command, screen: TextIO) -> None:
    assert process.stdout is not None
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
    descriptor = process.stdout.fileno()
    while piece := os.read(descriptor, 65536):
        text = decode(piece)
        command.output.append((time.time(), text))
        screen.write(text)
        screen.flush()
    screen.write(decode(b"", True))


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=GRACE)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        else:
            break
    process.wait()


def _as_shell(code: int) -> int:
    return code if code >= 0 else 128 - code


def wants_terminal(line: str) -> bool:
    """Return whether a `docker` command asks for a terminal in the foreground.

    >>> [wants_terminal(f"docker {rest}") for rest in ("run -it centos", "run --tty centos")]
    [True, True]
    >>> wants_terminal("docker run -dit centos")   # detached: nobody sits at the terminal
    False
    >>> wants_terminal("docker run -i centos cat")
    False
    >>> wants_terminal("docker run --name web -it centos"), wants_terminal("docker run x ls -t")
    (True, False)
    """
    flags = _flags(line)
    return bool(flags & {"t", "tty"}) and not flags & {"d", "detach"}


def _flags(line: str) -> set[str]:
    """Return the switches that stand between `docker run` or `exec` and the image or container."""
    try:
        words = [word for word in shlex.split(line)[1:] if word != "container"]
    except ValueError:  # an unclosed quotation mark: sh will say so itself
        return set()
    if not words or words[0] not in {"run", "exec"}:
        return set()
    found: set[str] = set()
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-"):
            break
        name, equals, value = word.lstrip("-").partition("=")
        switches = {name} if word.startswith("--") else set(name)
        if value != "false":
            found |= switches
        if not equals and not switches <= _SWITCHES:
            next(rest, None)  # an option with a value of its own: `--name web`
    return found
