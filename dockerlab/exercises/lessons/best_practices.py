"""Lesson 08: full names, digests, pruning with a filter, and a silent linter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dockerlab.exercises.answers import word
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import see_container, see_image
from dockerlab.exercises.prediction import Choice, Number
from dockerlab.exercises.verdict import Verdict, passed, wrong
from dockerlab.labels import LESSON_LABEL
from dockerlab.linting import Finding, LinterMissing, lint

if TYPE_CHECKING:
    import docker

LESSON = "08-best-practices"
FULL = "docker.io/grafana/grafana:latest"
PINNED, PAGE = "lab08-pinned", "lab08-page"
_VERSION = "org.opencontainers.image.version"


@dataclass(frozen=True)
class Pinned:
    """The container that was to be started by digest."""

    image: str
    """As it was typed."""
    version: str
    """What the image's label says."""
    started: bool


@dataclass(frozen=True)
class Rubbish:
    """The image with the name, and this lesson's images without one."""

    page: str | None
    nameless: frozenset[str]


def _look_at_nothing(_client: docker.DockerClient) -> None:
    return None


def _look_at_pinned(client: docker.DockerClient) -> Pinned | None:
    seen = see_container(client, PINNED)
    if seen is None:
        return None
    labels = client.containers.get(PINNED).labels
    return Pinned(seen.image, labels.get(_VERSION, "?"), seen.status != "created")


def _look_at_rubbish(client: docker.DockerClient) -> Rubbish:
    wanted = {"dangling": True, "label": f"{LESSON_LABEL}={LESSON}"}
    found = client.images.list(filters=wanted)
    # What has a digest can still be named by it: version one, which a container may hold.
    nameless = frozenset(str(each.id) for each in found if not each.attrs.get("RepoDigests"))
    return Rubbish(see_image(client, PAGE), nameless)


def _judge_full(before: None, now: None, answer: object) -> Verdict:
    given = word(answer)
    if given == FULL:
        return passed()
    if given.startswith(("hub.docker.com", "http", "www.")):
        return wrong("website", given=given)
    if not given.startswith("docker.io/"):
        return wrong("no_registry", given=given)
    if "library" in given:
        return wrong("library")
    if not given.endswith(":latest"):
        return wrong("no_tag", given=given)
    return wrong("other", given=given)


def _judge_pinned(before: Pinned | None, now: Pinned | None, answer: object) -> Verdict:
    if now is None:
        return wrong("none")
    if "@sha256:" not in now.image:
        by_id = now.image.removeprefix("sha256:").isalnum() and "/" not in now.image
        return wrong("by_id" if by_id else "by_tag", image=now.image)
    if now.version != "1":
        return wrong("other_version", version=now.version)
    return passed() if now.started else wrong("not_started")


def _judge_rubbish(before: Rubbish, now: Rubbish, answer: object) -> Verdict:
    left = len(now.nameless)
    if now.page is None:
        return wrong("name_gone", left=left) if left else wrong("all_gone")
    if before.nameless and not left:
        return passed(count=len(before.nameless))
    if left > len(before.nameless):
        return wrong("more", left=left)
    return wrong("some_left", left=left) if left else wrong("nothing_there")


def _judge_linted(before: None, now: None, answer: object) -> Verdict:
    text = answer.strip() if isinstance(answer, str) else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not any(line.lower().startswith("from ") and "nginx" in line for line in lines):
        return wrong("no_base")
    if not any(line.lower().startswith(("cmd", "entrypoint")) for line in lines):
        return wrong("no_program")
    try:
        found = lint(f"{text}\n")
    except LinterMissing:
        return wrong("no_linter")
    if found and found[0].code == "DL3025" and _brackets(lines):
        return wrong("no_json", line=found[0].line, code=found[0].code)
    return _found(found[0], len(found)) if found else passed()


def _brackets(lines: Sequence[str]) -> bool:
    """Whether the program to start stands between brackets, be it JSON or not."""
    return any(re.match(r"(cmd|entrypoint)\s*\[", line, re.IGNORECASE) for line in lines)


def _found(first: Finding, count: int) -> Verdict:
    """Say what the first finding is about, in our words for those that the lesson explains."""
    known = {"DL3006": "untagged", "DL3007": "latest", "DL3020": "add", "DL3025": "shell_form"}
    key = known.get(first.code, "finding")
    return wrong(key, line=first.line, code=first.code, said=first.message, count=count)


_PUBLISHED = (
    "registry = lesson.registry()\n"
    'mine = f"{registry.address}/shop/web"\n'
    'theirs = f"{registry.numeric_address}/shop/web"\n'
    'steps = """\n'
    "FROM nginx:alpine-slim\n"
    f"LABEL {_VERSION}=1\n"
    "RUN echo one > /version\n"
    '"""\n'
    '!echo "{steps}" | docker build --quiet --tag {theirs} --label {label} -\n'
    "!docker push --quiet {theirs}\n"
    "!docker pull --quiet {mine}\n"
    'one = registry.tags("shop/web")["latest"]\n'
    'steps = steps.replace("version=1", "version=2")\n'
    '!echo "{steps}" | docker build --quiet --tag {theirs} --label {label} -\n'
    "!docker push --quiet {theirs}\n"
    "!docker pull --quiet {mine}"
)
_RELEASES = (
    "for release in range(3):\n"
    '    made = client.containers.create("nginx:alpine-slim", labels=lesson.labels)\n'
    f'    made.commit("{PAGE}", message=f"release {{release}}")\n'
    "    made.remove()"
)
_NGINX_BUILT = "!docker pull --quiet nginx:alpine-slim\n"
_PRUNE = "!docker image prune --force --filter label={label}"
_DOCKERFILE = (
    "FROM nginx:1.29-alpine-slim\n"
    "COPY page.html /usr/share/nginx/html/\n"
    'CMD ["nginx", "-g", "daemon off;"]\n'
)


def _as_answer(dockerfile: str) -> str:
    return f'answer = """\n{dockerfile}"""'


EXERCISES = (
    Exercise(
        "full",
        look=_look_at_nothing,
        judge=_judge_full,
        wants_answer=True,
        solution='answer = dockerlab.full_name("grafana/grafana")',
        mistakes={
            "no_registry": 'answer = "grafana/grafana:latest"',
            "website": 'answer = "hub.docker.com/grafana/grafana:latest"',
            "no_tag": 'answer = "docker.io/grafana/grafana"',
            "library": 'answer = "docker.io/library/grafana:latest"',
            "other": 'answer = "docker.io/grafana:latest"',
        },
    ),
    Exercise(
        "pinned",
        look=_look_at_pinned,
        judge=_judge_pinned,
        given=_PUBLISHED,
        solution=f"!docker run --name {PINNED} {{mine}}@{{one}} cat /version",
        mistakes={
            "by_tag": f"!docker run --name {PINNED} {{mine}} cat /version",
            "by_id": (
                'old = client.images.get(f"{mine}@{one}").id\n'
                f"!docker run --name {PINNED} {{old}} cat /version"
            ),
            "other_version": (
                'two = registry.tags("shop/web")["latest"]\n'
                f"!docker run --name {PINNED} {{mine}}@{{two}} cat /version"
            ),
            "not_started": f"!docker create --name {PINNED} {{mine}}@{{one}} cat /version",
        },
    ),
    Exercise(
        "rubbish",
        look=_look_at_rubbish,
        judge=_judge_rubbish,
        given=_NGINX_BUILT + _RELEASES,
        solution=_PRUNE,
        mistakes={
            "some_left": (
                'found = client.images.list(filters={"dangling": True, "label": label})\n'
                "!docker rmi {found[0].id}"
            ),
            "all_gone": f"{_PRUNE} --all",
            "name_gone": f"!docker rmi {PAGE}",
        },
    ),
    Exercise(
        "linted",
        look=_look_at_nothing,
        judge=_judge_linted,
        wants_answer=True,
        solution=_as_answer(_DOCKERFILE),
        mistakes={
            "untagged": _as_answer(_DOCKERFILE.replace(":1.29-alpine-slim", "")),
            "latest": _as_answer(_DOCKERFILE.replace(":1.29-alpine-slim", ":latest")),
            "add": _as_answer(_DOCKERFILE.replace("COPY", "ADD")),
            "shell_form": _as_answer(
                _DOCKERFILE.replace('["nginx", "-g", "daemon off;"]', "nginx -g 'daemon off;'")
            ),
            "no_json": _as_answer(
                _DOCKERFILE.replace('"nginx", "-g", "daemon off;"', '"nginx" "-g" "daemon off;"')
            ),
            "finding": _as_answer(_DOCKERFILE.replace("CMD", "MAINTAINER me\nCMD")),
            "no_program": _as_answer(_DOCKERFILE.partition("CMD")[0]),
            "no_base": 'answer = "Dockerfile"',
        },
    ),
)

PREDICTIONS = (
    Choice("stale", options=("one", "two", "error")),
    Choice("newest", options=("one", "two", "three")),
    Number("pruned", tolerance=0.5),
)
