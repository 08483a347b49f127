"""What instructions change in a container's configuration, and what history says of it.

The same for a build's steps and for ``--change`` of commit and import.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from dockerlab.engine.dockerfile import formats
from dockerlab.engine.dockerfile.instructions import (
    Arg,
    Cmd,
    Command,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pair,
    Shell,
    StopSignal,
    Text,
    User,
    Volume,
    Workdir,
)
from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import RunConfig

SHELL = ("/bin/sh", "-c")
"""What command lines are given to unless ``SHELL`` says otherwise."""

Config = TypeVar("Config", bound=RunConfig)

_PORTS = re.compile(r"0*([0-9]{1,5})(?:-0*([0-9]{1,5}))?")
_PROTOCOLS = ("tcp", "udp", "sctp")


def configure(config: Config, step: Instruction, *, keep_command: bool = True) -> Config:
    """The configuration after a step. Steps that only change files leave it as it is.

    ``ENTRYPOINT`` takes an inherited ``CMD`` away unless ``keep_command``.

    Raises:
        InvalidParameter: the step makes no sense.

    """
    changes = _changes(config, step)
    if isinstance(step, Entrypoint) and not keep_command:
        changes["cmd"] = None
    return msgspec.structs.replace(config, **changes)


def _changes(  # noqa: C901, PLR0911 - flat: one line an instruction
    config: RunConfig, step: Instruction
) -> dict[str, object]:
    match step:
        case Env():
            return {"env": _with_variables(config.env or (), step.pairs)}
        case Label():
            return {"labels": {**(config.labels or {}), **_as_map(step.pairs)}}
        case Cmd():
            return {"cmd": command_line(step, config)}
        case Entrypoint():
            return {"entrypoint": command_line(step, config) if step.words else None}
        case Healthcheck():
            return {"healthcheck": step.health}
        case Expose():
            ports: dict[str, object] = {
                port: {} for text in step.ports for port in _parse_ports(text)
            }
            return {"exposed_ports": {**(config.exposed_ports or {}), **ports}}
        case Volume():
            if not all(step.paths):
                raise InvalidParameter("VOLUME specified can not be an empty string")
            return {"volumes": {**(config.volumes or {}), **{path: {} for path in step.paths}}}
        case Shell():
            return {"shell": step.words}
        case Text():
            return _text_changes(config, step)
    return {}


def _text_changes(config: RunConfig, step: Text) -> dict[str, object]:
    match step:
        case OnBuild():
            return {"on_build": (*(config.on_build or ()), step.text)}
        case Workdir():
            return {"working_dir": _working_directory(config.working_dir, step.text)}
        case User():
            return {"user": step.text}
        case StopSignal():
            return {"stop_signal": step.text}
    return {}


def comment(  # noqa: C901, PLR0911 - flat: one line an instruction
    step: Instruction, config: RunConfig
) -> str:
    """What history says of a step that has led to ``config``; empty for steps of files."""
    match step:
        case Env() | Label():
            name = "ENV" if isinstance(step, Env) else "LABEL"
            return " ".join([name, *map(str, step.pairs)])
        case Arg():
            return " ".join(["ARG", *map(str, step.pairs)])
        case Cmd():
            return f"CMD {formats.quoted_list(config.cmd or ())}"
        case Entrypoint():
            return f"ENTRYPOINT {formats.quoted_list(config.entrypoint or ())}"
        case Healthcheck():
            return f"HEALTHCHECK {formats.health(step.health)}"
        case Expose():
            return f"EXPOSE {' '.join(step.ports)}"
        case Volume():
            return f"VOLUME {formats.plain_list(step.paths)}"
        case Shell():
            return f"SHELL {formats.plain_list(step.words)}"
        case Workdir():
            return f"WORKDIR {config.working_dir}"
        case Maintainer() | OnBuild() | User() | StopSignal():
            return f"{type(step).__name__.upper()} {step.text}"
    return ""


def with_ports(step: Expose, variables: Mapping[str, str], escape: str) -> Expose:
    """``EXPOSE`` with its variables replaced: the one place where a word may become several."""
    lexer = Lexer(escape)
    ports = tuple(port for text in step.ports for port in lexer.words(text, variables))
    return Expose(source=step.source, ports=ports)


def command_line(step: Command, config: RunConfig) -> tuple[str, ...]:
    """The words to execute: a line for the shell comes after the shell's own."""
    return (*(config.shell or SHELL), *step.words) if step.shell else step.words


def _with_variables(env: Iterable[str], pairs: Iterable[Pair]) -> tuple[str, ...]:
    """Variables keep their place when they get another value."""
    found = {entry.partition("=")[0]: entry for entry in reversed(list(env))}
    ordered = {entry.partition("=")[0]: "" for entry in env}
    for pair in pairs:
        ordered.setdefault(pair.key, "")
        found[pair.key] = f"{pair.key}={pair.value}"
    return tuple(found[name] for name in ordered)


def _as_map(pairs: Iterable[Pair]) -> dict[str, str]:
    return {pair.key: pair.value or "" for pair in pairs}


def _working_directory(current: str, wanted: str) -> str:
    if not wanted:
        raise InvalidParameter("cannot normalize nothing")
    path = posixpath.normpath(posixpath.join("/", current, wanted))
    return f"/{path.lstrip('/')}"


def _parse_ports(text: str) -> Iterable[str]:
    """The ports of ``80`` or ``8000-8010/udp``; a port of the host before it is passed over."""
    port, _, protocol = text.rpartition(":")[2].partition("/")
    if not port:
        raise InvalidParameter(f"No port specified: {text}<empty>")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise InvalidParameter(f"Invalid proto: {protocol}")
    match = _PORTS.fullmatch(port)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= first <= last <= 65535:
        raise InvalidParameter(f"Invalid containerPort: {port}")
    return [f"{number}/{protocol}" for number in range(first, last + 1)]
