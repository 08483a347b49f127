"""Time several ways to do the same, in turn, so that a change of the machine's mood hits all."""

import random
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """Wall-clock times of one way to do it, in milliseconds."""

    name: str
    milliseconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, the only figure worth quoting from a shared machine."""
        return statistics.median(self.milliseconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The lower and the upper quartile."""
        lower, _, upper = statistics.quantiles(self.milliseconds, n=4, method="inclusive")
        return lower, upper


def interleaved(
    ways: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 1,
    before: Mapping[str, Callable[[], object]] | None = None,
) -> list[Timing]:
    """Call each way once a round, in a new random order every round.

    ``before`` is called before a way of its name, and not timed.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_number in range(-warm_up, rounds):
        for name in random.sample(list(ways), len(ways)):
            if before and name in before:
                before[name]()
            start = time.perf_counter()
            ways[name]()
            if round_number >= 0:
                times[name].append((time.perf_counter() - start) * 1000)
    return [Timing(name, tuple(values)) for name, values in times.items()]


def table(title: str, timings: Sequence[Timing], *, against: str) -> str:
    """A Markdown table of medians, quartiles and the ratio to the way called ``against``."""
    base = next((timing.median for timing in timings if timing.name == against), None)
    lines = [
        f"| {title} | median ms | quartiles ms | × {against} |",
        "| --- | ---: | ---: | ---: |",
    ]
    for timing in timings:
        lower, upper = timing.spread
        ratio = f"{timing.median / base:.2f}" if base else "–"
        shown = [_milliseconds(value) for value in (timing.median, lower, upper)]
        lines.append(f"| {timing.name} | {shown[0]} | {shown[1]}–{shown[2]} | {ratio} |")
    return "\n".join(lines)


def _milliseconds(value: float) -> str:
    """Two digits where there are not more before the point.

    >>> _milliseconds(161.4), _milliseconds(3.14159), _milliseconds(0.387)
    ('161', '3.1', '0.39')
    """
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def docker(host: str, *words: str) -> Callable[[], object]:
    """One call of the docker CLI against the engine at ``host``; it must succeed."""

    def call() -> None:
        subprocess.run(["docker", "--host", host, *words], check=True, capture_output=True)

    return call


def resident_memory(pid: int) -> float:
    """Resident memory of one process in MB, as /proc/PID/status has it."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024
