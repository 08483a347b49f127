"""Lesson 07: the cache's order, waste, the build context, and stages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dockerlab.exercises.answers import number
from dockerlab.exercises.exercise import Exercise
from dockerlab.exercises.looking import see_image
from dockerlab.exercises.prediction import Choice, Number
from dockerlab.exercises.verdict import Verdict, passed, wrong
from dockerlab.layers import analyze_image, human_size

if TYPE_CHECKING:
    import docker

FIRST_ANEW = 4
"""The line of `COPY . /app` in the Dockerfile that the first exercise describes."""


@dataclass(frozen=True)
class Built:
    """What was built: its files as a container sees them, and those that any layer holds."""

    id: str
    layers: int
    wasted: int
    visible: frozenset[str]
    anywhere: frozenset[str]


def _look(name: str, client: docker.DockerClient) -> Built | None:
    identity = see_image(client, name)
    if identity is None:
        return None
    analysis = analyze_image(client, identity)
    visible: set[str] = set()
    anywhere: set[str] = set()
    for layer in analysis.layers:
        for entry in layer.entries:
            if entry.is_whiteout:
                visible.discard(entry.name.replace("/.wh.", "/"))
            elif not entry.is_directory:
                visible.add(entry.name)
        anywhere |= visible
    return Built(
        identity,
        len(analysis.layers),
        analysis.efficiency.wasted_bytes,
        frozenset(visible),
        frozenset(anywhere),
    )


def _look_at_nothing(_client: docker.DockerClient) -> None:
    return None


def _judge_first(before: None, now: None, answer: object) -> Verdict:
    line = number(answer)
    if line is None:
        return wrong("no_number")
    if line == FIRST_ANEW:
        return passed()
    return wrong("early" if line < FIRST_ANEW else "late", line=f"{line:g}")


def _judge_tidy(before: Built | None, now: Built | None, answer: object) -> Verdict:
    if now is None:
        return wrong("none")
    if "/sum" not in now.visible:
        return wrong("no_sum")
    if "/download" in now.visible:
        return wrong("kept")
    if "/download" in now.anywhere:
        return wrong("wasteful", wasted=human_size(now.wasted))
    return passed(layers=now.layers)


def _judge_parcel(before: Built | None, now: Built | None, answer: object) -> Verdict:
    letter, password = "/parcel/letter.txt", "/parcel/password.txt"
    if now is None:
        return wrong("none")
    if password in now.visible:
        return wrong("inside")
    if password in now.anywhere:
        return wrong("hidden")
    if letter not in now.visible:
        return wrong("no_letter")
    return passed()


def _judge_tiny(before: Built | None, now: Built | None, answer: object) -> Verdict:
    if now is None:
        return wrong("none")
    others = len(now.anywhere - {"/answer"})
    if "/answer" in now.visible and not others:
        return passed()
    if others > 1:
        return wrong("everything" if now.layers == 1 else "on_a_base", others=others)
    return wrong("elsewhere", found=", ".join(sorted(now.visible)) or "–")


def _piped(name: str, *lines: str) -> str:
    """Return the cell that builds a Dockerfile of these lines, as the lesson does it."""
    steps = "\n".join(lines)
    build = f"docker build --quiet --tag {name} --label {{label}} -"
    return f'steps = """\n{steps}\n"""\n!echo "{{steps}}" | {build}'


_NGINX = "FROM nginx:alpine-slim"
_DOWNLOAD = "head -c 2000000 /dev/urandom > /download"
_SUM = "md5sum /download > /sum"
_PARCEL = (
    'lesson.folder("lab07")\n'
    "!mkdir -p lab07/parcel\n"
    '!echo "Dear reader" > lab07/parcel/letter.txt\n'
    '!echo "hunter2" > lab07/parcel/password.txt\n'
    f'!echo "{_NGINX}" > lab07/parcel/Dockerfile\n'
    '!echo "COPY . /parcel" >> lab07/parcel/Dockerfile'
)
_PACK = "!docker build --quiet --tag lab07-parcel --label {label} lab07/parcel"
_WORKSHOP = (
    "FROM nginx:alpine-slim AS workshop",
    "LABEL org.dockerlab.lesson=07-dockerfile",
    "RUN echo 42 > /answer",
)

EXERCISES = (
    Exercise(
        "first",
        look=_look_at_nothing,
        judge=_judge_first,
        wants_answer=True,
        solution=f"answer = {FIRST_ANEW}",
        mistakes={
            "early": "answer = 2",
            "late": "answer = 5",
            "no_number": 'answer = "the copy"',
        },
    ),
    Exercise(
        "tidy",
        look=partial(_look, "lab07-tidy"),
        judge=_judge_tidy,
        solution=_piped("lab07-tidy", _NGINX, f"RUN {_DOWNLOAD} && {_SUM} && rm /download"),
        mistakes={
            "wasteful": _piped(
                "lab07-tidy", _NGINX, f"RUN {_DOWNLOAD} && {_SUM}", "RUN rm /download"
            ),
            "kept": _piped("lab07-tidy", _NGINX, f"RUN {_DOWNLOAD} && {_SUM}"),
            "no_sum": _piped("lab07-tidy", _NGINX, f"RUN {_DOWNLOAD} && rm /download"),
        },
    ),
    Exercise(
        "parcel",
        look=partial(_look, "lab07-parcel"),
        judge=_judge_parcel,
        given=_PARCEL,
        solution=f"!echo password.txt > lab07/parcel/.dockerignore\n{_PACK}",
        mistakes={
            "inside": _PACK,
            "hidden": (f'!echo "RUN rm /parcel/password.txt" >> lab07/parcel/Dockerfile\n{_PACK}'),
            "no_letter": f'!echo "*.txt" > lab07/parcel/.dockerignore\n{_PACK}',
        },
    ),
    Exercise(
        "tiny",
        look=partial(_look, "lab07-tiny"),
        judge=_judge_tiny,
        solution=_piped(
            "lab07-tiny", *_WORKSHOP, "FROM scratch", "COPY --from=workshop /answer /answer"
        ),
        mistakes={
            "on_a_base": _piped(
                "lab07-tiny", *_WORKSHOP, _NGINX, "COPY --from=workshop /answer /answer"
            ),
            "everything": _piped(
                "lab07-tiny", *_WORKSHOP, "FROM scratch", "COPY --from=workshop / /"
            ),
            "elsewhere": _piped(
                "lab07-tiny", *_WORKSHOP, "FROM scratch", "COPY --from=workshop /answer /srv/"
            ),
        },
    ),
)

PREDICTIONS = (
    Choice("anew", options=("last", "copy", "install")),
    Number("joined", tolerance=0.5),
    Number("stages", share=0.15),
)
