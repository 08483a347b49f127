"""Lesson 06: a writable layer, a layer of one's own, a secret recovered, and one lean step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dockerlab.exercises.answers import word
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import (
    read_in_layers,
    see_container,
    see_containers,
    see_image,
    see_names,
)
from dockerlab.exercises.prediction import Choice
from dockerlab.exercises.verdict import Verdict, passed, wrong
from dockerlab.layers import analyze_image

if TYPE_CHECKING:
    import docker

BASE = "centos"
ADDER = "lab06-adder"
HELLO = "lab06-hello:latest"
VAULT, CODE = "lab06-vault", "code.txt"
LEAN = "lab06-lean:latest"
_CLOSE = 1_000_000
"""Bytes: so much more than its base an image may be and still be lean."""


@dataclass(frozen=True)
class Written:
    """The paths of a container's writable layer, by what was done to them."""

    others: tuple[str, ...]
    """The names of all containers made from the base."""
    is_there: bool = False
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def _look_written(client: docker.DockerClient) -> Written:
    others = tuple(sorted(each.name for each in see_containers(client, image=BASE)))
    if see_container(client, ADDER) is None:
        return Written(others)
    listed: Any = client.api.diff(ADDER) or ()
    paths: tuple[list[str], ...] = ([], [], [])
    for each in listed:
        paths[each["Kind"]].append(each["Path"])  # 0 changed, 1 added, 2 deleted (Docker's API)
    changed, added, deleted = (tuple(sorted(each)) for each in paths)
    return Written(others, True, added, changed, deleted)


def _judge_added(before: Written, now: Written, answer: object) -> Verdict:
    if not now.is_there:
        fresh = sorted(set(now.others) - set(before.others))
        return wrong("other_name", name=fresh[0]) if fresh else wrong("missing")
    if not (now.added or now.changed or now.deleted):
        return wrong("nothing")
    if "/hello" not in now.added:
        return wrong("elsewhere", path=(now.added or now.deleted or now.changed)[-1])
    more = sorted({*now.added, *now.changed, *now.deleted} - {"/hello"})
    return wrong("more", path=more[-1]) if more else passed()


@dataclass(frozen=True)
class Stack:
    """An image's layers above its base, and what the topmost holds; None: there is no image."""

    names: tuple[str, ...]
    """The names of this lesson's images."""
    nameless: tuple[str, ...] = ()
    """The IDs of those that have none."""
    is_on_base: bool = False
    above: int = 0
    """How many layers it has above those of the base."""
    size: int = 0
    """Bytes above the base."""
    top: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    """The paths of all layers above the base, whiteouts included."""


def _look_stack(client: docker.DockerClient, name: str) -> Stack:
    names = tuple(sorted(see_names(client, "lab06-*")))
    filters = {"dangling": True, "label": "org.dockerlab.lesson=06-layers"}
    nameless = tuple(sorted(each["Id"] for each in client.api.images(filters=filters)))
    if see_image(client, name) is None or see_image(client, BASE) is None:
        return Stack(names, nameless)
    base = [each.layer.diff_id for each in analyze_image(client, BASE).layers]
    layers = analyze_image(client, name).layers
    above = layers[len(base) :]
    entries = [[entry.name for entry in each.entries] for each in above]
    return Stack(
        names,
        nameless,
        is_on_base=[each.layer.diff_id for each in layers[: len(base)]] == base,
        above=len(above),
        size=sum(each.layer.size or 0 for each in above),
        top=tuple(sorted(entries[-1])) if entries else (),
        everywhere=tuple(sorted(path for paths in entries for path in paths)),
    )


def _missing(name: str, before: Stack, now: Stack) -> Verdict | None:
    """What is wrong where there is no image of this name, or one upon another base."""
    if name not in now.names:
        if fresh := sorted(set(now.names) - set(before.names)):
            return wrong("other_name", name=fresh[0])
        return wrong("none" if set(now.nameless) <= set(before.nameless) else "nameless")
    return None if now.is_on_base else wrong("other_base")


def _look_hello(client: docker.DockerClient) -> Stack:
    return _look_stack(client, HELLO)


def _judge_frozen(before: Stack, now: Stack, answer: object) -> Verdict:
    if missing := _missing(HELLO, before, now):
        return missing
    if not now.above:
        return wrong("same")
    return passed() if "/note" in now.top else wrong("no_note")


@dataclass(frozen=True)
class Vault:
    """What each layer of the vault's image has at the secret's path."""

    found: tuple[str, ...]
    is_there: bool


def _look_vault(client: docker.DockerClient) -> Vault:
    image = see_image(client, VAULT)
    return Vault(read_in_layers(client, image, CODE), is_there=True) if image else Vault((), False)


def _judge_secret(before: Vault, now: Vault, answer: object) -> Verdict:
    given = re.sub(r"[\s-]", "", word(answer))
    if not now.is_there:
        return wrong("no_image")
    codes = [each.split()[0].lower() for each in now.found if each.split()]
    if given in codes:
        return passed()
    if re.fullmatch(r"[0-9a-f]{64}", given.removeprefix("sha256:")):
        return wrong("digest")
    if re.fullmatch(r"[0-9a-f]{32}", given):
        return wrong("other_secret")
    if "cat:" in word(answer) or "nosuchfile" in given:
        return wrong("container")
    return wrong("other")


def _look_lean(client: docker.DockerClient) -> Stack:
    return _look_stack(client, LEAN)


def _judge_lean(before: Stack, now: Stack, answer: object) -> Verdict:
    if missing := _missing(LEAN, before, now):
        return missing
    if "/sum" not in now.everywhere:
        return wrong("no_sum")
    if "/.wh.big" in now.everywhere:
        return wrong("later", size=f"{now.size / 1e6:.3g}")
    if "/big" in now.everywhere or now.size > _CLOSE:
        return wrong("kept", size=f"{now.size / 1e6:.3g}")
    return passed(size=now.size)


_LABEL = 'label = "org.dockerlab.lesson=06-layers"\n'
_BUILD = (
    'steps = """\nFROM centos\n{steps}\n"""\n'
    '!echo "{{steps}}" | docker build --quiet --tag {tag} --label {{label}} -'
)
_MAKE = "head -c 5000000 /dev/urandom > /big"
_SUM = "md5sum /big > /sum"

EXERCISES = (
    Exercise(
        "added",
        look=_look_written,
        judge=_judge_added,
        solution=f"!docker run --name {ADDER} centos touch /hello",
        mistakes={
            "other_name": "!docker run --name lab06-added centos touch /hello",
            "nothing": f"!docker run --name {ADDER} centos true",
            "elsewhere": f"!docker run --name {ADDER} centos touch /etc/hello",
            "more": f'!docker run --name {ADDER} centos sh -c "touch /hello; rm /usr/bin/yes"',
        },
    ),
    Exercise(
        "frozen",
        look=_look_hello,
        judge=_judge_frozen,
        given=_LABEL
        + '!docker run --name lab06-writer --label {label} centos sh -c "echo hello > /note"\n'
        "!docker run --name lab06-reader --label {label} centos true",
        solution="!docker commit lab06-writer lab06-hello",
        mistakes={
            "same": "!docker tag centos lab06-hello",
            "no_note": "!docker run --name lab06-other --label {label} centos touch /other\n"
            "!docker commit lab06-other lab06-hello",
            "other_name": "!docker commit lab06-writer lab06-halo",
            "nameless": "!docker commit lab06-writer",
        },
    ),
    Exercise(
        "secret",
        look=_look_vault,
        judge=_judge_secret,
        wants_answer=True,
        given=_LABEL
        + _BUILD.format(
            steps="RUN head -c 16 /dev/urandom | md5sum > /code.txt\nRUN rm /code.txt", tag=VAULT
        ),
        solution=(
            'vault = dockerlab.analyze_image(client, "lab06-vault")\n'
            "layer = vault.layers[-2].member\n"
            "answer = !docker save lab06-vault | tar -xOf - {layer}"
            " | gzip -cdf | tar -xOf - code.txt"
        ),
        mistakes={
            "container": "answer = !docker run --rm lab06-vault cat /code.txt",
            "digest": 'answer = dockerlab.analyze_image(client, "lab06-vault").layers[-2].digest',
            "other_secret": 'answer = "d41d8cd98f00b204e9800998ecf8427e"',
            "other": 'answer = "swordfish"',
        },
    ),
    Exercise(
        "lean",
        look=_look_lean,
        judge=_judge_lean,
        given=_LABEL,
        solution=_BUILD.format(steps=f"RUN {_MAKE} && {_SUM} && rm /big", tag="lab06-lean"),
        mistakes={
            "later": _BUILD.format(
                steps=f"RUN {_MAKE} && {_SUM}\nRUN rm /big",
                tag="lab06-lean",
            ),
            "kept": _BUILD.format(steps=f"RUN {_MAKE} && {_SUM}", tag="lab06-lean"),
            "no_sum": _BUILD.format(steps=f"RUN {_MAKE} && rm /big", tag="lab06-lean"),
        },
    ),
)

PREDICTIONS = (
    Choice("append", options=("line", "block", "file")),
    Choice("shrunk", options=("smaller", "same", "larger")),
    Choice("attacker", options=("nothing", "empty", "file")),
)
