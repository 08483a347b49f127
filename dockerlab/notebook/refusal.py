"""Where no container can run: what a cell of a lesson says in place of a traceback.

Some sandboxes let no program start containers (`docker info` names the runtime `none` there). A
cell that starts one is refused, and a later cell lacks what that one would have made: its image,
its variable. Neither is the learner's fault, and a traceback would only frighten. So there such a
cell ends with one notice, and counts as run: *Run All* gets to the end of the lesson, through all
that has to do with images, and cleans up. What went wrong stands in the notice, for it may be a
slip of the learner's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docker.errors import APIError

from dockerlab.connection import NO_RUNTIME, read_facts
from dockerlab.messages import text
from dockerlab.notebook.display import show
from dockerlab.notebook.notice import Notice, Tone

if TYPE_CHECKING:
    import docker


def explain_refusals(shell: Any, client: docker.DockerClient) -> None:  # noqa: ANN401 - IPython is untyped
    """Have `shell` (an `InteractiveShell`) explain failing cells, if `client` can run nothing."""
    if read_facts(client).runtime == NO_RUNTIME:
        shell.set_custom_exc((Exception,), _explain)
        shell.events.register("post_run_cell", _go_on)


def stop_explaining(shell: Any) -> None:  # noqa: ANN401
    """Give tracebacks back."""
    if _go_on in shell.events.callbacks["post_run_cell"]:
        shell.set_custom_exc((), None)
        shell.events.unregister("post_run_cell", _go_on)


def explanation(problem: Exception) -> Notice:
    """Return what is shown of an exception in place of its traceback.

    >>> import os; os.environ["DOCKERLAB_LANG"] = "en"
    >>> explanation(NameError("name 'stage' is not defined"))  # doctest: +NORMALIZE_WHITESPACE
    – No container can run in this place, and this cell runs one, or needs what one would have made.
      What it met: name 'stage' is not defined
      Go on with the next cell: what has to do with images works. What this one shows elsewhere is
      saved in the lesson's notebook, as GitHub or the course's site shows it.
    """
    said = problem.explanation if isinstance(problem, APIError) else problem
    lines = str(said).strip().splitlines() or [type(problem).__name__]
    # Of a failed build, what failed stands last.
    met = text("refusal.met", problem=lines[-1])
    return Notice(Tone.OPEN, text("refusal.title"), (met, text("refusal.next")))


def _explain(
    shell: object,  # noqa: ARG001 - IPython gives these
    kind: type[Exception],  # noqa: ARG001
    problem: Exception,
    traceback: object,  # noqa: ARG001
    tb_offset: int | None = None,  # noqa: ARG001
) -> None:
    show(explanation(problem))


def _go_on(result: Any) -> None:  # noqa: ANN401
    """Let the cell (IPython's `ExecutionResult`) count as run."""
    if isinstance(result.error_in_exec, Exception):
        result.error_in_exec = None
