"""A lesson's beginning and end: it removes what it made, and nothing else.

    lesson = dockerlab.start_lesson("01-hello-world", images=["hello-world"])
    ...                                   # the lesson's cells
    lesson.end()

**What counts as made by a lesson.** A container or image is removed by `end()` if

1. it carries the label `org.dockerlab.lesson` with this lesson's name (cells that use the SDK or
   `--label` give it; `lesson.labels` is the dict to pass), or with the value `any` (stand-in images
   carry that, and their containers inherit it) unless such a container runs and no cell of this
   lesson started it; or
2. it appeared *while a cell of this lesson ran* and its image is one that the lesson declared in
   `images=`. That is how a plain `docker run hello-world`, typed exactly as in a terminal and of
   an image that carries no label of ours, is found again. An image is removed by the name that
   appeared, never by force. An image without a name (some engines keep each step of a build)
   counts as well, if it appeared so and stands on one that the lesson declared; so does a container
   of such an image, which is what a failed build leaves.

So a container that the learner makes in a terminal or in another notebook between two cells is
never touched, whatever its image; neither is anything that existed before the lesson, even under a
declared name. What a lesson made is written to disk after every cell: if the kernel dies half way,
the next `start_lesson` of the same lesson cleans up first, so a lesson works twice in a row and
after an interruption. Shell patterns are allowed: `images=["hello-world", "lab-*"]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.errors import LessonProblem
from dockerlab.exercises import LessonScore, load_score
from dockerlab.exercises.report import summary
from dockerlab.labels import LESSON_LABEL
from dockerlab.notebook.belongings import make_folder, remove_folder
from dockerlab.notebook.cleanup import CleanUp, clean_up
from dockerlab.notebook.hooks import hook, unhook
from dockerlab.notebook.inventory import (
    Inventory,
    appeared,
    matches,
    see_layers,
    take_inventory,
)
from dockerlab.notebook.record import Record, load_record

if TYPE_CHECKING:
    import docker

    from dockerlab.notebook.exercise import OpenExercise
    from dockerlab.notebook.prediction import OpenPrediction
    from dockerlab.registry import Registry

_current: Lesson | None = None


class Lesson:
    """One lesson being worked through on one engine."""

    def __init__(
        self, name: str, *, client: docker.DockerClient, images: Sequence[str], record: Record
    ) -> None:
        self.name = name
        self.client = client
        self.images = tuple(images)
        self.record = record
        self._at_start = take_inventory(client)
        self._before_cell: Inventory | None = None
        self.score: LessonScore = load_score(name)
        self._exercises: dict[str, OpenExercise] = {}
        self._predictions: dict[str, OpenPrediction] = {}
        self._folders: list[Path] = []
        self._registry: Registry | None = None

    def __repr__(self) -> str:
        return f"<Lesson {self.name}>"

    @property
    def labels(self) -> dict[str, str]:
        """The labels to give to whatever the lesson makes through the SDK."""
        return {LESSON_LABEL: self.name}

    def folder(self, name: str) -> Path:
        """Make an empty folder beside the notebook; it is removed when the lesson ends.

        Raises:
            LessonProblem: there is something of that name, and this lesson did not make it.

        """
        self._folders.append(make_folder(name, lesson=self.name))
        return self._folders[-1]

    def registry(self) -> Registry:
        """Return a registry on this computer, started when first asked for; the lesson ends it."""
        from dockerlab.registry import start_registry  # noqa: PLC0415

        if self._registry is None:
            self._registry = start_registry()
        return self._registry

    def exercise(self, name: str) -> OpenExercise:
        """Show the card of the exercise `name`, and return it for `check`, `hint`, `solution`.

        The engine's state when it was shown first is what later checks compare with.

        Raises:
            LessonProblem: the lesson has no exercise of this name.

        """
        from dockerlab.notebook.exercise import open_exercise  # noqa: PLC0415

        if name not in self._exercises:
            opened = open_exercise(self.name, name, client=self.client, score=self.score)
            self._exercises[name] = opened
        self._exercises[name].show_card()
        return self._exercises[name]

    def predict(self, name: str) -> OpenPrediction:
        """Ask the question `name`, and return it for `answer` and `reveal`.

        Raises:
            LessonProblem: the lesson has no prediction of this name.

        """
        from dockerlab.notebook.prediction import open_prediction  # noqa: PLC0415
        from dockerlab.notebook.prediction_form import show_prediction  # noqa: PLC0415

        opened = open_prediction(self.name, name, score=self.score)
        self._predictions[name] = opened
        show_prediction(opened)
        return opened

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what appears inside the block as made by this lesson.

        In IPython every cell is such a block by itself; tests and scripts use this.
        """
        self.before_cell()
        try:
            yield
        finally:
            self.after_cell()

    def before_cell(self, cell: object = None) -> None:
        """Take the inventory that `after_cell` compares with; close what was not predicted."""
        close_predictions(self._predictions.values(), cell)
        self._before_cell = take_inventory(self.client)

    def after_cell(self, *_: object) -> None:
        """Record what appeared since `before_cell`; nothing if either look failed."""
        before, self._before_cell = self._before_cell, None
        after = take_inventory(self.client) if before else None
        if before and after:
            self.record.add(self._made(before, after))

    def _made(self, before: Inventory, now: Inventory) -> Inventory:
        """What appeared and is ours: of what has no name only what stands on a declared image."""
        found = appeared(before, now, images=self.images)
        # What a failed build leaves: its step's container, whose image no name may lead to.
        steps = {
            identity: image
            for identity, image in now.containers.items()
            if identity not in before.containers and image in now.nameless
        }
        nameless = found.nameless.union(steps.values())
        if not nameless:
            return found
        declared = {image for name, image in now.images.items() if matches(name, self.images)}
        bases = [see_layers(self.client, image) for image in declared]
        ours = {
            identity
            for identity in nameless
            if any(_stands_on(see_layers(self.client, identity), base) for base in bases)
        }
        return replace(
            found,
            containers={
                **found.containers,
                **{identity: image for identity, image in steps.items() if image in ours},
            },
            nameless=frozenset(found.nameless & ours),
        )

    def end(self) -> CleanUp:
        """Remove what the lesson made and say what was removed and what was left, with reasons."""
        global _current  # noqa: PLW0603 - one kernel works on one lesson at a time
        from dockerlab.notebook import following  # noqa: PLC0415

        unhook(self)
        following.unfollow()
        if _current is self:
            _current = None
        done = clean_up(self.client, record=self.record, lesson=self.name)
        self._put_away()
        now = take_inventory(self.client)
        if self._at_start and now:
            done.elsewhere += appeared(self._at_start, now, images=self.images).containers
        done.score = summary(self.name, self.score)
        return done

    def _put_away(self) -> None:
        """Remove the folders, and end the registry."""
        for folder in self._folders:
            remove_folder(folder, lesson=self.name)
        if self._registry is not None:
            self._registry.stop()
            self._registry = None


def start_lesson(
    name: str, *, images: Sequence[str] = (), client: docker.DockerClient | None = None
) -> Lesson:
    """Begin the lesson `name` on `client` (default: the engine that `connect` finds).

    Cleans up what an interrupted earlier run of the same lesson left, makes sure that the images
    named in `images` can be had (a stand-in is loaded where no registry can be reached, with a
    banner), and from then on records what the cells make. Image names may be shell patterns;
    only plain names are looked for in a registry.
    """
    global _current  # noqa: PLW0603
    from dockerlab.notebook import following  # noqa: PLC0415
    from dockerlab.notebook.banner import show_banner  # noqa: PLC0415
    from dockerlab.notebook.connect import connect  # noqa: PLC0415
    from dockerlab.standins.ensure import prepare_images  # noqa: PLC0415

    engine = client or connect(show=False)
    if _current is not None:
        unhook(_current)
    record = load_record(name, engine=engine)
    clean_up(engine, record=record, lesson=name)
    lesson = Lesson(name, client=engine, images=images, record=record)
    before = take_inventory(engine)
    show_banner(prepare_images(engine, [name for name in images if not _is_pattern(name)]))
    after = take_inventory(engine)
    if before and after:
        found = appeared(before, after, images=lesson.images)
        record.add(replace(found, nameless=frozenset()))
    _current = lesson
    hook(lesson)
    following.follow(engine)
    return lesson


def current_lesson() -> Lesson:
    """Return the lesson that was started last and has not ended.

    Raises:
        LessonProblem: no lesson was started in this kernel.

    """
    if _current is None:
        raise LessonProblem("lesson.not_started")
    return _current


def learner_client() -> docker.DockerClient:
    """Return the client of the lesson being worked on, or of the engine that `connect` finds."""
    from dockerlab.notebook.connect import connect  # noqa: PLC0415

    return _current.client if _current else connect(show=False)


def learner_labels() -> dict[str, str]:
    """Return the labels of the lesson being worked on, or none."""
    return _current.labels if _current else {}


def end_lesson() -> CleanUp:
    """End the current lesson; see `Lesson.end`."""
    return current_lesson().end()


def close_predictions(predictions: Iterable[OpenPrediction], cell: object) -> None:
    """Close what was not predicted before `cell` (IPython's `ExecutionInfo`) runs.

    A cell that answers a prediction is the one cell that may run before the result.
    """
    if ".answer(" not in str(getattr(cell, "raw_cell", "")):
        for prediction in predictions:
            prediction.close()


def _stands_on(layers: Sequence[str], base: Sequence[str]) -> bool:
    return bool(base) and list(layers[: len(base)]) == list(base)


def _is_pattern(name: str) -> bool:
    return any(character in name for character in "*?[")
