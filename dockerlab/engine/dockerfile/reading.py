"""What the lines of a Dockerfile mean: each statement read into its instruction.

What is wrong with a line is said in the words of Docker's classic builder.
"""

import re
from collections.abc import Callable

from dockerlab.engine.dockerfile.flags import parse_flags, suggestion
from dockerlab.engine.dockerfile.formats import quoted
from dockerlab.engine.dockerfile.healthcheck import read_health
from dockerlab.engine.dockerfile.instructions import (
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pair,
    Run,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from dockerlab.engine.dockerfile.parser import Statement, find_heredoc
from dockerlab.engine.errors import InvalidParameter

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_ONBUILD = re.compile(r"\s*ONBUILD\s*", re.IGNORECASE)


def read(statement: Statement) -> Instruction:
    """The instruction that a statement is.

    Raises:
        InvalidParameter: there is no such instruction, or its arguments do not fit.

    >>> from dockerlab.engine.dockerfile.parser import parse
    >>> read(parse(b"FROM alpine AS base").statements[0])
    From(source='FROM alpine AS base', base='alpine', name='base', platform='')

    """
    name = statement.name.lower()
    if name not in _READERS:
        raise InvalidParameter(
            f"unknown instruction: {statement.name}"
            + suggestion(statement.name, map(str.upper, _READERS), any_case=True)
        )
    return _READERS[name](statement)


def _some(statement: Statement) -> tuple[str, ...]:
    if not statement.arguments:
        raise InvalidParameter(f"{statement.name.upper()} requires at least one argument")
    return statement.arguments


def _only(statement: Statement) -> str:
    if len(statement.arguments) != 1:
        raise InvalidParameter(f"{statement.name.upper()} requires exactly one argument")
    return statement.arguments[0]


def _source(statement: Statement) -> str:
    return statement.original.strip()


def _read_from(statement: Statement) -> From:
    words = statement.arguments
    name = ""
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            raise InvalidParameter(
                f"invalid name for build stage: {quoted(words[2])}, "
                "name can't start with a number or contain symbols"
            )
    elif len(words) != 1:
        raise InvalidParameter("FROM requires either one or three arguments")
    flags = parse_flags(statement.flags, texts=["platform"])
    return From(
        source=_source(statement), base=words[0], name=name, platform=flags.get("platform", "")
    )


def _read_arg(statement: Statement) -> Arg:
    pairs = []
    for word in _some(statement):
        key, equals, value = word.partition("=")
        if equals and not key:
            raise InvalidParameter("ARG names can not be blank")
        pairs.append(Pair(key, value if equals else None))
    return Arg(source=_source(statement), pairs=tuple(pairs))


def _pairs(statement: Statement) -> tuple[Pair, ...]:
    parse_flags(statement.flags)
    words = _some(statement)
    if not all(words[::3]):
        raise InvalidParameter(f"{statement.name.upper()} names can not be blank")
    return tuple(map(Pair, words[::3], words[1::3]))


def _read_env(statement: Statement) -> Env:
    return Env(source=_source(statement), pairs=_pairs(statement))


def _read_label(statement: Statement) -> Label:
    return Label(source=_source(statement), pairs=_pairs(statement))


def _files(statement: Statement) -> tuple[tuple[str, ...], str]:
    """Sources and destination; a heredoc is no source, since the classic builder has none."""
    if len(statement.arguments) < 2:
        raise InvalidParameter(
            f"{statement.name.upper()} requires at least two arguments, but only one was provided."
            " Destination could not be determined"
        )
    *sources, destination = statement.arguments
    if find_heredoc(destination):
        raise InvalidParameter(f"{statement.name.upper()} cannot accept a heredoc as a destination")
    return tuple(source for source in sources if not find_heredoc(source)), destination


def _read_copy(statement: Statement) -> Copy:
    if len(statement.arguments) < 2:
        _files(statement)
    add = statement.name.lower() == "add"
    flags = parse_flags(
        statement.flags,
        texts=["chown", "chmod", "checksum"] if add else ["chown", "chmod", "from"],
        lists=["exclude"],
        switches=["link", "keep-git-dir", "unpack"] if add else ["link", "parents"],
    )
    sources, destination = _files(statement)
    return Copy(
        source=_source(statement),
        sources=sources,
        destination=destination,
        add=add,
        origin=flags.get("from", ""),
        chown=flags.get("chown", ""),
        chmod=flags.get("chmod", ""),
    )


def _command_line(statement: Statement) -> tuple[str, ...]:
    if statement.json or not statement.arguments:
        return statement.arguments
    return (" ".join(statement.arguments),)


def _read_run(statement: Statement) -> Run:
    flags = parse_flags(statement.flags, texts=["network", "security"], lists=["mount", "device"])
    return Run(
        source=_source(statement),
        words=_command_line(statement),
        shell=not statement.json,
        flags=tuple(flags),
    )


def _read_cmd(statement: Statement) -> Cmd:
    parse_flags(statement.flags)
    return Cmd(source=_source(statement), words=_command_line(statement), shell=not statement.json)


def _read_entrypoint(statement: Statement) -> Entrypoint:
    parse_flags(statement.flags)
    return Entrypoint(
        source=_source(statement), words=_command_line(statement), shell=not statement.json
    )


def _read_healthcheck(statement: Statement) -> Healthcheck:
    _some(statement)
    return Healthcheck(source=_source(statement), health=read_health(statement))


def _read_maintainer(statement: Statement) -> Maintainer:
    text = _only(statement)
    parse_flags(statement.flags)
    return Maintainer(source=_source(statement), text=text)


def _read_onbuild(statement: Statement) -> OnBuild:
    trigger = _some(statement)[0].strip().upper()
    parse_flags(statement.flags)
    if trigger == "ONBUILD":
        raise InvalidParameter("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise InvalidParameter(f"{trigger} isn't allowed as an ONBUILD trigger")
    text = _ONBUILD.sub("", statement.original, count=1)
    heredocs = "".join(f"\n{each.content}{each.name}" for each in statement.heredocs)
    return OnBuild(source=_source(statement), text=text + heredocs)


def _read_workdir(statement: Statement) -> Workdir:
    text = _only(statement)
    parse_flags(statement.flags)
    return Workdir(source=_source(statement), text=text)


def _read_user(statement: Statement) -> User:
    text = _only(statement)
    parse_flags(statement.flags)
    return User(source=_source(statement), text=text)


def _read_stop_signal(statement: Statement) -> StopSignal:
    return StopSignal(source=_source(statement), text=_only(statement))


def _read_expose(statement: Statement) -> Expose:
    ports = sorted(_some(statement))
    parse_flags(statement.flags)
    return Expose(source=_source(statement), ports=tuple(ports))


def _read_volume(statement: Statement) -> Volume:
    paths = tuple(path.strip() for path in _some(statement))
    parse_flags(statement.flags)
    if not all(paths):
        raise InvalidParameter("VOLUME specified can not be an empty string")
    return Volume(source=_source(statement), paths=paths)


def _read_shell(statement: Statement) -> Shell:
    parse_flags(statement.flags)
    words = _some(statement)
    if not statement.json:
        raise InvalidParameter("SHELL requires the arguments to be in JSON form")
    return Shell(source=_source(statement), words=words)


_READERS: dict[str, Callable[[Statement], Instruction]] = {
    "add": _read_copy,
    "arg": _read_arg,
    "cmd": _read_cmd,
    "copy": _read_copy,
    "entrypoint": _read_entrypoint,
    "env": _read_env,
    "expose": _read_expose,
    "from": _read_from,
    "healthcheck": _read_healthcheck,
    "label": _read_label,
    "maintainer": _read_maintainer,
    "onbuild": _read_onbuild,
    "run": _read_run,
    "shell": _read_shell,
    "stopsignal": _read_stop_signal,
    "user": _read_user,
    "volume": _read_volume,
    "workdir": _read_workdir,
}
