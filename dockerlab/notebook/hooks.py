"""What IPython does before and after each cell while a lesson is worked on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dockerlab.notebook.lesson import Lesson


def hook(lesson: Lesson) -> None:
    """Have each cell recorded as the lesson's, and explained where no container can run."""
    from dockerlab.notebook.refusal import explain_refusals  # noqa: PLC0415

    shell = _shell()
    if shell is not None:
        explain_refusals(shell, lesson.client)
        shell.events.register("pre_run_cell", lesson.before_cell)
        shell.events.register("post_run_cell", lesson.after_cell)


def unhook(lesson: Lesson) -> None:
    """Undo what `hook` did; nothing if it was undone before."""
    from dockerlab.notebook.refusal import stop_explaining  # noqa: PLC0415

    shell = _shell()
    if shell is None:
        return
    stop_explaining(shell)
    for event, each in (("pre_run_cell", lesson.before_cell), ("post_run_cell", lesson.after_cell)):
        # IPython raises where the hook is not registered: a lesson may be ended twice.
        if each in shell.events.callbacks[event]:
            shell.events.unregister(event, each)


def _shell() -> Any:  # noqa: ANN401 - IPython is untyped and optional here
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
