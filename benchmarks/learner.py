"""A learner without a browser: a Jupyter server's kernel runs a notebook's cells, one by one.

It speaks to the server as JupyterLab does (REST for sessions, a websocket for the kernel's
channels, Jupyter's messaging protocol 5.x), so that what a lesson costs is what it costs there.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

CELL_SECONDS = 300.0


@dataclass
class Visit:
    """How one learner fared; times in seconds since `begun`."""

    name: str
    begun: float
    server: float = 0.0
    """Until the server answered."""
    first_output: float = 0.0
    """Until a cell showed something."""
    finished: float = 0.0
    errors: list[str] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the visit began."""
        return time.monotonic() - self.begun


@dataclass(frozen=True)
class Server:
    """A running Jupyter server, and a client that may speak to it."""

    http: aiohttp.ClientSession
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def opened(self, *, every: float = 1.0) -> "Server":
        """The same with the headers that its first page gave, once it gives one.

        A hub sends the browser on, to log in with it and back, and tells of a server that is not
        ready by other pages and status codes.
        """
        while not await self._gives_page():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(every)
        cookies = self.http.cookie_jar.filter_cookies(URL(f"{self.url}/"))
        forgery = {"X-XSRFToken": cookies["_xsrf"].value} if "_xsrf" in cookies else {}
        return Server(self.http, self.url, forgery)

    async def _gives_page(self) -> bool:
        try:
            async with self.http.get(f"{self.url}/lab") as answer:
                return answer.status == 200 and str(answer.url).startswith(f"{self.url}/")
        except aiohttp.ClientError:
            return False

    async def run(self, lesson: Path, visit: Visit, *, path: str) -> None:
        """Run all code cells of `lesson`, which the server has at `path`, and note how it went.

        The kernel stays, as one does whose notebook is left open.
        """
        kernel, session = await self._kernel(path)
        address = f"{self.url}/api/kernels/{kernel}/channels?session_id={session}"
        async with await self._joined(address) as socket:
            for number, source in enumerate(code_cells(lesson), 1):
                running = _execute(socket, session, source, visit)
                wrong = await asyncio.wait_for(running, CELL_SECONDS)
                if wrong:
                    visit.errors.append(f"{path}, cell {number}: {wrong}")
                    return

    async def _joined(self, address: str) -> aiohttp.ClientWebSocketResponse:
        """The kernel's channels; asked for again after a while if refused, as JupyterLab does."""
        for patience in (1, 2, 4, 8):
            try:
                return await self.http.ws_connect(address, headers=self.headers, max_msg_size=0)
            except aiohttp.WSServerHandshakeError:
                await asyncio.sleep(patience)
        return await self.http.ws_connect(address, headers=self.headers, max_msg_size=0)

    async def _kernel(self, path: str) -> tuple[str, str]:
        wanted = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        sessions = f"{self.url}/api/sessions"
        async with self.http.post(sessions, json=wanted, headers=self.headers) as answer:
            answer.raise_for_status()
            made = await answer.json()
        return made["kernel"]["id"], made["id"]


async def _execute(
    socket: aiohttp.ClientWebSocketResponse, session: str, source: str, visit: Visit
) -> str:
    """Run one cell to its end; the error that it ended with, or nothing."""
    request = _request(session, source)
    await socket.send_json(request)
    wrong, idle, replied = "", False, False
    while not (idle and replied):
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            return f"the kernel's connection ended ({message.type.name})"
        said = json.loads(message.data)
        if said.get("parent_header", {}).get("msg_id") != request["header"]["msg_id"]:
            continue
        kind, content = said["msg_type"], said["content"]
        if kind in ("stream", "display_data", "execute_result") and not visit.first_output:
            visit.first_output = visit.now()
        if kind == "error":
            wrong = f"{content['ename']}: {content['evalue']}"
        idle = idle or (kind == "status" and content["execution_state"] == "idle")
        replied = replied or kind == "execute_reply"
    return wrong


def _request(session: str, source: str) -> dict[str, Any]:
    header = {
        "msg_id": uuid.uuid4().hex,
        "session": session,
        "username": "learner",
        "msg_type": "execute_request",
        "version": "5.3",
        "date": "",
    }
    content = {
        "code": source,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
    }


def code_cells(lesson: Path) -> Iterator[str]:
    """The sources of a notebook's code cells (nbformat 4)."""
    for cell in json.loads(lesson.read_text())["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def browser() -> aiohttp.ClientSession:
    """An HTTP client that keeps cookies, those of an address without a name too."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
