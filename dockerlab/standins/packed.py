"""Images from the packs that the learner was given, in place of a registry's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dockerlab.connection import EngineFacts
from dockerlab.names import full_name
from dockerlab.packs import PackProblem, load_pack, named_packs, names_in, opened

if TYPE_CHECKING:
    import docker


def from_packs(
    client: docker.DockerClient,
    facts: EngineFacts,
    name: str,
    *,
    pull: bool,
    say: Callable[[str], None],
) -> bool:
    """Return whether the image is in a pack of `DOCKERLAB_PACKS`, and load it where it must be.

    The embedded engine pulls by itself from the folders that it was started with, and with `pull`
    false that is left to it.
    A damaged pack is said and passed over: the lesson goes on.
    """
    whole = full_name(name)
    for path in named_packs():
        try:
            if whole not in names_in(path):
                continue
            if not pull and str(path.absolute()) in facts.packs:
                return True
            with opened(path) as pack:
                if not load_pack(client, pack, images=[whole]).unsuitable:
                    return True
        except PackProblem as problem:
            say(str(problem))
    return False
