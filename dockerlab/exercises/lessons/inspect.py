"""Lesson 05: what an image runs, what a container overrides, and where an ID comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dockerlab.exercises.answers import word
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import (
    ContainerSeen,
    see_container,
    see_containers,
    see_image,
)
from dockerlab.exercises.prediction import Choice
from dockerlab.exercises.verdict import Verdict, passed, wrong

if TYPE_CHECKING:
    import docker

HELLO, CIAO = "lab05-hello", "lab05-ciao"
GREETER, CLAIM = "lab05-greeter", "lab05-claim"
_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True)
class Started:
    """What an image starts: its entrypoint, and the words that follow if nobody gives others."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


@dataclass(frozen=True)
class Greeting:
    """A container, as far as it overrides what the greeter's image says."""

    of_greeter: bool
    image: str
    status: str
    greeting: str
    folder: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Fingerprints:
    """The IDs of two images that have the same layers, and these layers."""

    claim: str | None
    greeter: str | None
    layers: tuple[str, ...]


def _image(client: docker.DockerClient, name: str) -> dict[str, Any] | None:
    found = see_image(client, name)
    return client.images.get(found).attrs if found else None


def _started_by(name: str, client: docker.DockerClient) -> Started | None:
    image = _image(client, name)
    if image is None:
        return None
    config = image["Config"]
    return Started(tuple(config.get("Entrypoint") or ()), tuple(config.get("Cmd") or ()))


def _look_at_hello(client: docker.DockerClient) -> Started | None:
    return _started_by(HELLO, client)


def _made_of_options(client: docker.DockerClient) -> ContainerSeen | None:
    """The last greeter whose options were taken for its words, its name among them."""
    made = see_containers(client, image=GREETER) if see_image(client, GREETER) else ()
    odd = [each for each in made if each.command and each.command[0].startswith("-")]
    return max(odd, key=lambda each: each.created, default=None)


def _look_at_ciao(client: docker.DockerClient) -> Greeting | None:
    seen = see_container(client, CIAO) or _made_of_options(client)
    if seen is None:
        return None
    config = client.api.inspect_container(seen.id)["Config"]
    settings = dict(each.partition("=")[::2] for each in config.get("Env") or ())
    return Greeting(
        of_greeter=seen.image_id == see_image(client, GREETER),
        image=seen.image,
        status=seen.status,
        greeting=settings.get("GREETING", ""),
        folder=config.get("WorkingDir") or "/",
        command=seen.command,
    )


def _look_at_fingerprints(client: docker.DockerClient) -> Fingerprints:
    claim = _image(client, CLAIM)
    return Fingerprints(
        claim=claim["Id"] if claim else None,
        greeter=see_image(client, GREETER),
        layers=tuple(claim["RootFS"]["Layers"]) if claim else (),
    )


def _judge_hello(before: Started | None, now: Started | None, answer: object) -> Verdict:
    if now is None:
        return wrong("missing")
    entrypoint, command = now.entrypoint, now.command
    if _SHELL in (entrypoint[:2], command[:2]):
        return wrong("shell_form")
    if not entrypoint:
        return wrong("all_in_cmd", cmd=" ".join(command))
    if "world" in " ".join(entrypoint).split():
        return wrong("all_in_entrypoint", entrypoint=" ".join(entrypoint))
    if not command:
        return wrong("no_default")
    if " ".join((*entrypoint, *command)).removeprefix("/bin/") == "echo hello world":
        return passed()
    return wrong("other", words=" ".join((*entrypoint, *command)))


def _judge_ciao(before: Greeting | None, now: Greeting | None, answer: object) -> Verdict:
    if now is None:
        return wrong("missing")
    if not now.of_greeter:
        return wrong("other_image", image=now.image)
    if any(each.startswith(("-e", "-w", "--")) for each in now.command):
        return wrong("behind", command=" ".join(now.command))
    if now.greeting != "ciao":
        return wrong("greeting", greeting=now.greeting)
    if now.folder.rstrip("/") != "/tmp":  # noqa: S108 - inside the container
        return wrong("folder", folder=now.folder)
    return wrong("not_started") if now.status == "created" else passed()


def _judge_fingerprint(before: Fingerprints, now: Fingerprints, answer: object) -> Verdict:
    given = word(answer).removeprefix("sha256:").removesuffix("-").strip()
    if now.claim is None:
        return wrong("missing")
    whole = now.claim.removeprefix("sha256:")
    if given == whole:
        return passed(short=whole[:12])
    if given and whole.startswith(given):
        return wrong("short", digits=len(given))
    if now.greeter and given == now.greeter.removeprefix("sha256:"):
        return wrong("greeter")
    if f"sha256:{given}" in now.layers:
        return wrong("layer")
    return wrong("other")


_GREETER = (
    "steps = 'FROM centos\\nENV GREETING=hello\\nWORKDIR /desk\\n'\n"
    """steps += 'ENTRYPOINT ["/bin/sh", "-c"]\\nCMD ["echo $GREETING from $PWD"]\\n'\n"""
    f"!printf '%s' '{{steps}}' | docker build --quiet --tag {GREETER} -\n"
)
_CLAIM = f"!printf 'FROM {GREETER}\\nLABEL vendor=x\\n' | docker build --quiet --tag {CLAIM} -"
_MODEL = "!docker create --name lab05-model centos\n"
EXERCISES = (
    Exercise(
        name="hello",
        look=_look_at_hello,
        judge=_judge_hello,
        given=_MODEL,
        solution="""!docker commit --change 'CMD ["world"]' """
        f"""--change 'ENTRYPOINT ["echo", "hello"]' lab05-model {HELLO}""",
        mistakes={
            "all_in_cmd": """!docker commit --change 'CMD ["echo", "hello", "world"]' """
            f"lab05-model {HELLO}",
            "all_in_entrypoint": """!docker commit --change 'ENTRYPOINT ["echo", "hello", """
            f""""world"]' lab05-model {HELLO}""",
            "shell_form": "!docker commit --change 'CMD world' --change 'ENTRYPOINT echo hello' "
            f"lab05-model {HELLO}",
            "no_default": """!docker commit --change 'ENTRYPOINT ["echo", "hello"]' """
            f"lab05-model {HELLO}",
        },
    ),
    Exercise(
        name="ciao",
        look=_look_at_ciao,
        judge=_judge_ciao,
        given=_GREETER,
        solution=f"!docker run --name {CIAO} -e GREETING=ciao -w /tmp {GREETER}",
        mistakes={
            "behind": f"!docker run {GREETER} -e GREETING=ciao -w /tmp --name {CIAO}",
            "greeting": f"!docker run --name {CIAO} -w /tmp {GREETER}",
            "folder": f"!docker run --name {CIAO} -e GREETING=ciao {GREETER}",
            "other_image": f"!docker run --name {CIAO} centos echo ciao from /tmp",
            "not_started": f"!docker create --name {CIAO} -e GREETING=ciao -w /tmp {GREETER}",
        },
    ),
    Exercise(
        name="fingerprint",
        look=_look_at_fingerprints,
        judge=_judge_fingerprint,
        wants_answer=True,
        given=_GREETER + _CLAIM,
        solution=f'blob = client.images.get("{CLAIM}").id.replace(":", "/")\n'
        f"lines = !docker save {CLAIM} | tar -xOf - blobs/{{blob}} | sha256sum\n"
        "answer = lines[0].split()[0]",
        mistakes={
            "short": f'answer = client.images.get("{CLAIM}").short_id',
            "greeter": f'answer = client.images.get("{GREETER}").id',
            "layer": f'answer = client.images.get("{CLAIM}").attrs["RootFS"]["Layers"][0]',
            "other": f'answer = "{CLAIM}"',
        },
    ),
)

PREDICTIONS = (
    Choice("both", options=("cmd", "entrypoint", "both")),
    Choice("meant", options=("image", "container", "refused")),
    Choice("twins", options=("ids", "layers", "all", "none")),
)
