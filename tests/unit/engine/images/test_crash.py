"""Killed at any instant, or with a full disk, the store is whole at the next start."""

import asyncio
import hashlib
import os
import random
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

import pytest

from tests.engines.images import Image, layer
from tests.engines.programs import need, need_root
from tests.unit.engine.images.conftest import BASE, CHILD, Lab

REPOSITORY = Path(__file__).parents[4]
BIG = Image(
    tuple(
        layer({f"d{n}/f{i}": f"{n}" * 2000 for i in range(100)}, made_by="x", directories=[f"d{n}"])
        for n in range(4)
    )
)
STEPS = [
    ("load", "big:1"),
    ("load", "child:1"),
    ("load", "base:1"),
    ("remove", "child:1"),
    ("remove", "big:1"),
    ("remove", "base:1"),
]
IMAGES = {"big:1": BIG, "child:1": CHILD, "base:1": BASE}

WORK = """
import asyncio, sys
from itertools import cycle
from pathlib import Path
from tests.unit.engine.images.conftest import Lab
from tests.unit.engine.images.test_crash import IMAGES, STEPS

async def work():
    lab = Lab.open(Path(sys.argv[1]))
    await lab.images.sweep()
    while any(lab.images.list()):
        await lab.images.remove(lab.images.list()[0].id, force=True)
    print("ready", flush=True)
    for step, name in cycle(STEPS):
        if step == "load":
            await lab.load(IMAGES[name].archive(name))
        else:
            await lab.images.remove(name)
        print(step, name, flush=True)

asyncio.run(work())
"""

FILL = """
import asyncio, sys
from pathlib import Path
from dockerlab.engine.errors import DiskFull
from tests.unit.engine.images.conftest import BASE, Lab
from tests.unit.engine.images.test_crash import BIG

async def fill():
    lab = Lab.open(Path(sys.argv[1]) / "engine")
    try:
        await lab.load(BIG.archive("big:1"))
    except DiskFull as error:
        assert "no space left on device" in str(error), error
    else:
        sys.exit("the disk was never full")
    assert lab.left() == (0, 0, 0), lab.left()
    await lab.load(BASE.archive("base:1"))
    assert lab.images.inspect("base:1").size == 1100
    await lab.close()

asyncio.run(fill())
"""


@pytest.mark.parametrize("seed", range(6))
def test_kill_9_loses_nothing_told_and_leaves_nothing_untold(tmp_path: Path, seed: int) -> None:
    told = killed_after(tmp_path, random.Random(seed).random() * 0.3)  # noqa: S311
    may_be: list[set[str]] = [set()]
    for (step, name), _ in zip(cycle(STEPS), range(len(told) + 1), strict=False):
        may_be.append(may_be[-1] | {name} if step == "load" else may_be[-1] - {name})
    names = asyncio.run(check(tmp_path / "engine"))
    assert names in may_be[-2:]  # as told last, or one step further


def killed_after(tmp_path: Path, seconds: float) -> list[str]:
    """What the engine had told when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, tmp_path / "engine"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.kill()
        return [line for line in process.stdout.read().split("\n") if line]


async def check(root: Path) -> set[str]:
    """Hold the store against its metadata after a start; the names of its images."""
    lab = Lab.open(root)
    await lab.images.sweep()
    names = {name for summary in lab.images.list() for name in summary.repo_tags}
    for name in names:
        assert await lab.save(name)
        assert lab.images.resolve(name).image_id == IMAGES[name].config.digest
    for digest in lab.content.walk():
        assert f"sha256:{hashlib.sha256(lab.content.read(digest)).hexdigest()}" == digest
    for name in names:
        await lab.images.remove(name)
    assert lab.left() == (0, 0, 0)
    assert list((root / "snapshots").iterdir()) == []
    await lab.close()
    return names


@pytest.mark.parametrize("size", ["400k", "900k", "1200k"])
def test_a_full_disk_keeps_nothing(tmp_path: Path, size: str) -> None:
    need_root()
    need("unshare", package="util-linux")
    mount_and_run = 'mount -t tmpfs -o size=$4 tmpfs "$1" && exec "$2" -c "$3" "$1"'
    ran = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            mount_and_run,
            "sh",
            tmp_path,
            sys.executable,
            FILL,
            size,
        ],
        cwd=REPOSITORY,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
