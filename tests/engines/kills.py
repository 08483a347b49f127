"""Kill the embedded engine at random instants of its work, and look at what the next start finds.

The engine works in a process of its own, on the socket and through the real `docker` command, as
people use it. What it was doing when it was killed is random, and so is how far it was.
"""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dockerlab.engine.check.checking import check
from tests.engines.embedded import Launch
from tests.engines.engine import Engine, answers, environment_for
from tests.engines.images import Image, layer
from tests.engines.reference import put_docker_first
from tests.engines.serving import wait_until

_FOREVER = str(10_000_000 + os.getpid())
"""Seconds that containers sleep: no other test's processes have this one's number."""
WORK = ("pull", "load", "build", "commit", "rmi", "prune", "run", "rm")
"""What is going on when the engine is killed."""


@dataclass
class Victim:
    """An engine that is started, killed and started again, on one directory."""

    state: Path
    """Its user's home."""
    mirror: str
    launch: Launch
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def root(self) -> Path:
        """Its data."""
        return self.state / "engine"

    @property
    def engine(self) -> Engine:
        """How it is reached while it runs."""
        socket, config = self.state / "engine.sock", self.state.with_name(f"{self.state.name}-cli")
        config.mkdir(exist_ok=True)
        return Engine("victim", socket, environment_for(socket, config=config))

    def start(self) -> None:
        """Start it; raises RuntimeError where it does not answer."""
        log = self.state / "engine.log"
        socket = self.state / "engine.sock"
        command = [*self.launch.python, "-m", "dockerlab.engine", "run", "--root", str(self.root)]
        command += ["--socket", str(socket), "--mirror", self.mirror]
        command += ["--runtime", self.launch.runtime]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=dict(self.launch.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_until(lambda: answers(socket), process=self.process, log=log, seconds=60)

    def kill(self) -> None:
        """End it at once, as nothing can be hindered from ending."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class Outcome:
    """What came of many kills."""

    kills: Counter[str] = field(default_factory=Counter)
    """How often the engine was killed, by what it was doing."""
    unfinished: int = 0
    """How often that was not finished yet."""
    faults: list[str] = field(default_factory=list)
    """What was wrong after a start; empty if all is well."""


def prepare(victim: Victim) -> None:
    """Make what the work needs: an archive to load and a build's context."""
    layers = [
        layer({f"d{n}/f{i}": f"{n}" * 5000 for i in range(200)}, made_by="x", directories=[f"d{n}"])
        for n in range(4)
    ]
    archive = Image(tuple(layers)).archive("loaded:1", "loaded:2")
    (victim.state / "load.tar").write_bytes(archive)
    context = victim.state / "context"
    context.mkdir(exist_ok=True)
    (context / "file").write_text("file\n")
    (context / "Dockerfile").write_text(
        "FROM busybox\nCOPY file /file\nRUN echo 1 > /one\nENV a=b\nRUN echo 2 > /two\n"
    )


def kill_many(
    victim: Victim,
    number: int,
    *,
    seed: int = 0,
    said: Callable[[str], object] = lambda _: None,
) -> Outcome:
    """Kill it so often, and after each kill start it and check everything; ``said`` hears of it."""
    chance = random.Random(seed)  # noqa: S311
    outcome = Outcome()
    put_docker_first()
    victim.start()
    for count in range(number):
        work = WORK[count % len(WORK)]
        calls = _begin(victim, work, chance)
        time.sleep(chance.random() * _DURATION[work])
        victim.kill()
        done = [call.wait(60) for call in calls]
        outcome.kills[work] += 1
        outcome.unfinished += any(done)
        victim.start()
        faults = _faults(victim)
        outcome.faults += [f"kill {count} during {work}: {fault}" for fault in faults]
        said(f"{count + 1} of {number}: {work}: {'; '.join(faults) or 'whole'}")
    victim.kill()
    return outcome


_DURATION = {
    "pull": 0.5, "load": 0.4, "build": 2.5, "commit": 0.5, "rmi": 0.2, "prune": 0.2, "run": 0.6,
    "rm": 0.2,
}  # fmt: skip
"""About how many seconds each takes."""


def _begin(victim: Victim, work: str, chance: random.Random) -> Sequence["subprocess.Popen[bytes]"]:
    """Make what the work needs, then begin it, and something else beside it."""
    engine = victim.engine
    if work in ("commit", "rm"):
        engine.docker("rm", "--force", "worked")
        engine.docker("run", "--name", "worked", "--network", "none", "busybox", "touch", "/new")
    if work in ("rmi", "prune"):
        engine.docker("load", "--input", str(victim.state / "load.tar"))
        engine.docker("pull", "page")
    if work == "pull":
        engine.docker("rmi", "--force", "page", "tool")
    if work == "load":
        engine.docker("rmi", "--force", "loaded:1", "loaded:2")
    words = {
        "pull": ["pull", "page"],
        "load": ["load", "--input", str(victim.state / "load.tar")],
        "build": ["build", "--no-cache", "--network", "none", "-t", "built", _context(victim)],
        "commit": ["commit", "worked", f"committed:{chance.randrange(3)}"],
        "rmi": ["rmi", "--force", "page", "loaded:1"],
        "prune": ["system", "prune", "--all", "--force"],
        "run": ["run", "--detach", "--network", "none", "busybox", "sleep", _FOREVER],
        "rm": ["rm", "--force", "worked"],
    }
    beside = chance.choice(["pull", "run", "load", "build"])
    return [_call(engine, words[work]), _call(engine, words[beside])]


def _context(victim: Victim) -> str:
    return str(victim.state / "context")


def _call(engine: Engine, words: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["docker", *words],
        env=dict(engine.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _faults(victim: Victim) -> list[str]:
    """What is wrong with an engine that was just started, and with what it keeps."""
    engine = victim.engine
    faults = []
    for words in (["images", "--all", "--quiet"], ["ps", "--all", "--no-trunc", "--quiet"]):
        asked = engine.docker(*words)
        if asked.returncode:
            faults.append(f"docker {words[0]}: {asked.stderr.decode().strip()}")
    running = engine.docker("ps", "--quiet").stdout.split()
    if running:
        faults.append(f"containers are said to run: {running}")
    faults += _survivors(victim.root)
    faults += _unsound(victim)
    return faults


def _unsound(victim: Victim) -> list[str]:
    """What the check finds, the engine having nothing to do: garbage counts as well."""
    own_mounts = victim.launch.runtime != "proot"
    root = victim.root if own_mounts else victim.root / "without-mounts"
    found = check(root, own_mounts=own_mounts).findings
    return [f"{each.kind}: {each.subject} {each.detail}" for each in found]


def _survivors(root: Path) -> list[str]:
    """Processes of containers that outlived their engine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                place = os.readlink(entry / "root")  # noqa: PTH115
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if place.startswith(str(root)) or _FOREVER.encode() in words:
                found.append(f"process {entry.name} still runs: {b' '.join(words).decode()}")
    return found
