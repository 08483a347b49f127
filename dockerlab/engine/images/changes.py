"""Instructions that change an image's run configuration: ``--change`` of import and commit.

The syntax is the Dockerfile's, in Docker's reading of it (Dockerfile reference).
"""

import json
import re
import shlex
from collections.abc import Callable, Sequence

import msgspec

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.oci import HealthConfig, RunConfig
from dockerlab.engine.timestamp import parse_duration

_SHELL = ("/bin/sh", "-c")
_PAIR = re.compile(r"""([^\s=]+)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*)(?:\s+|$)""")
_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s*")


def apply_changes(config: RunConfig, changes: Sequence[str]) -> RunConfig:
    """The configuration after the instructions ``changes``, one a line.

    Raises:
        InvalidParameter: an instruction is malformed, or cannot change a configuration.

    >>> changed = apply_changes(RunConfig(), ["ENV a=1 b='2 3'", 'CMD ["sh"]', "EXPOSE 80"])
    >>> changed.env, changed.cmd, changed.exposed_ports
    (('a=1', 'b=2 3'), ('sh',), {'80/tcp': {}})

    """
    for change in changes:
        for line in change.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                config = _apply(config, line.strip())
    return config


def _apply(config: RunConfig, line: str) -> RunConfig:
    word, _, rest = line.partition(" ")
    name = word.upper()
    if name not in _INSTRUCTIONS:
        raise InvalidParameter(f"{name} is not a valid change command")
    if not rest.strip():
        raise InvalidParameter(f"{name} requires at least one argument")
    return _INSTRUCTIONS[name](config, rest.strip())


def _words(text: str, name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidParameter(f"{name}: {error}") from error


def _json_words(text: str) -> tuple[str, ...] | None:
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except ValueError:
        return None
    return tuple(words) if all(isinstance(word, str) for word in words) else None


def _command(text: str, config: RunConfig) -> tuple[str, ...]:
    words = _json_words(text)
    return words if words is not None else (*(config.shell or _SHELL), text)


def _pairs(text: str, name: str) -> list[tuple[str, str]]:
    if "=" not in text.split(maxsplit=1)[0]:
        key, _, value = text.partition(" ")
        if not value:
            raise InvalidParameter(f"{name} must have two arguments")
        return [(key, value.strip())]
    pairs, position = [], 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if not match:
            wrong = text[position:].split(maxsplit=1)[0]
            raise InvalidParameter(
                f"Syntax error - can't find = in {json.dumps(wrong)}. "
                "Must be of the form: name=value"
            )
        pairs.append((match[1].strip("\"'"), "".join(_words(match[2], name) or ("",))))
        position = match.end()
    return pairs


def _set_env(config: RunConfig, text: str) -> RunConfig:
    env = list(config.env or ())
    for key, value in _pairs(text, "ENV"):
        places = [i for i, item in enumerate(env) if item.partition("=")[0] == key]
        if places:
            env[places[0]] = f"{key}={value}"
        else:
            env.append(f"{key}={value}")
    return msgspec.structs.replace(config, env=tuple(env))


def _set_labels(config: RunConfig, text: str) -> RunConfig:
    labels = {**(config.labels or {}), **dict(_pairs(text, "LABEL"))}
    return msgspec.structs.replace(config, labels=labels)


def _set_cmd(config: RunConfig, text: str) -> RunConfig:
    return msgspec.structs.replace(config, cmd=_command(text, config))


def _set_entrypoint(config: RunConfig, text: str) -> RunConfig:
    return msgspec.structs.replace(config, entrypoint=_command(text, config) or None)


def _expose(config: RunConfig, text: str) -> RunConfig:
    ports = dict(config.exposed_ports or {})
    for word in text.split():
        match = re.fullmatch(r"(\d+)(?:-(\d+))?(?:/(tcp|udp|sctp))?", word.lower())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if match is None or not first <= last <= 65535:
            raise InvalidParameter(f"invalid containerPort: {word}")
        ports.update({f"{port}/{match[3] or 'tcp'}": {} for port in range(first, last + 1)})
    return msgspec.structs.replace(config, exposed_ports=ports)


def _set_user(config: RunConfig, text: str) -> RunConfig:
    if len(text.split()) != 1:
        raise InvalidParameter("USER requires exactly one argument")
    return msgspec.structs.replace(config, user=text)


def _set_workdir(config: RunConfig, text: str) -> RunConfig:
    path = text if text.startswith("/") else f"{config.working_dir or ''}/{text}"
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return msgspec.structs.replace(config, working_dir="/" + "/".join(parts))


def _add_volumes(config: RunConfig, text: str) -> RunConfig:
    paths = _json_words(text) or tuple(text.split())
    if not all(path.strip() for path in paths):
        raise InvalidParameter("VOLUME specified can not be an empty string")
    volumes = {**(config.volumes or {}), **{path: {} for path in paths}}
    return msgspec.structs.replace(config, volumes=volumes)


def _set_stop_signal(config: RunConfig, text: str) -> RunConfig:
    if not re.fullmatch(r"(?:SIG)?[A-Z0-9+]+|\d+", text.upper()):
        raise InvalidParameter(f"invalid signal: {text}")
    return msgspec.structs.replace(config, stop_signal=text)


def _on_build(config: RunConfig, text: str) -> RunConfig:
    name = text.split(maxsplit=1)[0].upper()
    if name in ("ONBUILD", "FROM", "MAINTAINER"):
        raise InvalidParameter(
            "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"
            if name == "ONBUILD"
            else f"{name} isn't allowed as an ONBUILD trigger"
        )
    return msgspec.structs.replace(config, on_build=(*(config.on_build or ()), text))


def _set_shell(config: RunConfig, text: str) -> RunConfig:
    words = _json_words(text)
    if not words:
        raise InvalidParameter("SHELL requires the arguments to be in JSON form")
    return msgspec.structs.replace(config, shell=words)


def _set_healthcheck(config: RunConfig, text: str) -> RunConfig:
    durations: dict[str, int] = {}
    while match := _FLAG.match(text):
        field = match[1].replace("-", "_")
        if field not in ("interval", "timeout", "start_period", "start_interval", "retries"):
            raise InvalidParameter(f"unknown flag: --{match[1]}")
        durations[field] = int(match[2]) if field == "retries" else parse_duration(match[2])
        text = text[match.end() :]
    kind, _, command = text.partition(" ")
    if kind.upper() == "NONE" and not command:
        test: tuple[str, ...] = ("NONE",)
    elif kind.upper() == "CMD" and command.strip():
        words = _json_words(command.strip())
        test = ("CMD", *words) if words else ("CMD-SHELL", command.strip())
    else:
        raise InvalidParameter(f"Unknown type {json.dumps(kind.upper())} in HEALTHCHECK (try CMD)")
    health = HealthConfig(test=test, **durations)
    return msgspec.structs.replace(config, healthcheck=health)


_INSTRUCTIONS: dict[str, Callable[[RunConfig, str], RunConfig]] = {
    "CMD": _set_cmd,
    "ENTRYPOINT": _set_entrypoint,
    "ENV": _set_env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _set_healthcheck,
    "LABEL": _set_labels,
    "ONBUILD": _on_build,
    "SHELL": _set_shell,
    "STOPSIGNAL": _set_stop_signal,
    "USER": _set_user,
    "VOLUME": _add_volumes,
    "WORKDIR": _set_workdir,
}
