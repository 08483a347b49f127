"""Work that no answer waits for."""

import asyncio

from dockerlab.engine.containers.background import Background


async def test_what_was_started_is_waited_for_and_what_failed_stops_nobody() -> None:
    background, done = Background(), []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        if number == 1:
            raise ValueError(number)
        done.append(number)

    for number in range(3):
        background.start(work(number))
    await background.finish()
    assert done == [0, 2]


async def test_what_goes_on_can_be_broken_off() -> None:
    background = Background()
    task = background.start(asyncio.Event().wait())  # type: ignore[arg-type]
    await background.cancel()
    assert task.cancelled()
