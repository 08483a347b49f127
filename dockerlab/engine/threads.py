"""File work beside the event loop, that cancelling cannot tear from its file."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def unbroken(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``call`` in a thread; when cancelled, wait for its end before passing that on.

    A file must not be closed while a thread still writes to it.
    """
    running = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()
        raise
