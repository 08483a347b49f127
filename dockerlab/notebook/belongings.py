"""What a lesson has beside the engine: a folder for its files, a registry. Both end with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from dockerlab.errors import LessonProblem

MARK = ".dockerlab-lesson"
"""The file that says whose folder this is, so that no folder of the learner's is ever emptied."""


def make_folder(name: str, *, lesson: str) -> Path:
    """Make an empty folder in the working directory, in place of one that `lesson` made earlier.

    Raises:
        LessonProblem: there is such a folder or file, and no lesson made it.

    """
    folder = Path(name)
    if folder.exists() and not is_lessons(folder, lesson=lesson):
        raise LessonProblem("lesson.folder_taken", name=name)
    remove_folder(folder, lesson=lesson)
    folder.mkdir()
    (folder / MARK).write_text(f"{lesson}\n", encoding="utf-8")
    return folder


def remove_folder(folder: Path, *, lesson: str) -> None:
    """Remove a folder that `lesson` made, and no other."""
    if is_lessons(folder, lesson=lesson):
        shutil.rmtree(folder)


def is_lessons(folder: Path, *, lesson: str) -> bool:
    """Return whether `lesson` made this folder."""
    try:
        return (folder / MARK).read_text(encoding="utf-8").strip() == lesson
    except (OSError, UnicodeDecodeError):
        return False
