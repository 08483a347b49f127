"""A kernel as a notebook has it, one cell after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.notebooks.lessons import CELL_SECONDS


@dataclass(frozen=True)
class Ran:
    """What a cell showed: its streams and the text of what it displayed, in order."""

    text: str
    failed: bool


class Kernel:
    """A running IPython kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, source: str) -> Ran:
        """Run one cell to its end."""
        shown: list[str] = []
        reply = self._client.execute_interactive(
            source,
            output_hook=lambda message: shown.append(_text(message)),
            allow_stdin=False,
            timeout=CELL_SECONDS,
        )
        return Ran("".join(shown), failed=reply["content"]["status"] != "ok")


@contextmanager
def running_kernel(environ: Mapping[str, str], *, folder: Path) -> Iterator[Kernel]:
    """A kernel working in `folder`, ended with the block."""
    manager = KernelManager()
    manager.start_kernel(env=dict(environ), cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    match message["header"]["msg_type"]:
        case "stream":
            return str(content["text"])
        case "display_data" | "execute_result":
            return f"{content['data'].get('text/plain', '')}\n"
        case "error":
            return f"{content['ename']}: {content['evalue']}\n"
        case _:
            return ""
