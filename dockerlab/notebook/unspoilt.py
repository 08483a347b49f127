"""A server's contents in which a lesson that was not yet worked on opens without its outputs.

    jupyter lab --ServerApp.contents_manager_class=dockerlab.notebook.unspoilt.UnspoiltContents

The lessons are saved with the outputs of a real run, for whoever reads them where nothing runs.
Whoever runs them would see each result below the question that asks for a guess. So the server
leaves the outputs of a lesson out as it hands it to the browser; the file stays as it is until the
learner saves. From then on her own outputs are shown.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class UnspoiltContents(AsyncLargeFileManager):
    """Files as Jupyter keeps them, a recorded lesson without its outputs."""

    async def get(self, path: str, *args: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as Jupyter passes them
        """Return the model of a file or directory (Jupyter Server's contents API)."""
        model: dict[str, Any] = await super().get(path, *args, **options)  # type: ignore[no-untyped-call]
        if model["type"] == "notebook" and model["content"] and is_as_recorded(model["content"]):
            clear(model["content"])
        return model


def is_as_recorded(notebook: dict[str, Any]) -> bool:
    """Whether this is a lesson that nobody has saved since it was recorded.

    Jupyter writes `language_info` once a kernel has answered; recording takes it out.
    """
    if "language_info" in notebook["metadata"]:
        return False
    return any("dockerlab.start_lesson(" in cell["source"] for cell in notebook["cells"])


def clear(notebook: dict[str, Any]) -> None:
    """Take all outputs and numbers away, as *Edit > Clear Outputs of All Cells* does."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
