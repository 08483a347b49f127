"""Every difference from Docker Engine that is allowed, each with its reason: the one such table.

A difference that is not here fails its test. A line here that no test meets any more fails, too.
"""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Allowed:
    """Differences where `command` is found in the command line, and `place` in the place.

    A place is a path in a JSON answer (`[].HostConfig.Runtime`) or one line of text. Both are
    regular expressions, searched for.
    """

    command: str
    place: str
    reason: str
    sometimes: bool = False
    """It depends on the machine or the moment, so that no test can count on meeting it."""
    _command: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _place: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_command", re.compile(self.command))
        object.__setattr__(self, "_place", re.compile(self.place))

    def covers(self, command: str, place: str) -> bool:
        """Whether this difference, at this place of this command's answer, is the one meant."""
        return bool(self._command.search(command) and self._place.search(place))


ALLOWED: tuple[Allowed, ...] = (
    # What the machine or the reference is like
    Allowed(
        r".",
        r"^(WARNING: )?IPv4 forwarding is disabled",
        "Docker warns of the machine it runs on; we forward for no bridge",
        sometimes=True,
    ),
    Allowed(
        r"network ls",
        r"^bridge host local$",
        "the reference runs without its bridge; ours is the machine's network, and says so",
    ),
    Allowed(
        r"inspect",
        r"\.Config\.NetworkDisabled$|\.Networks\.bridge\.NetworkID$",
        "the reference runs without its bridge, and so without a network by default",
    ),
    Allowed(
        r"nosuchimage|nosuchtag|docker search",
        r"lookup (registry-1|index)\.docker\.io",
        "without a name server, Go tells which one it asked; the C library does not say",
        sometimes=True,
    ),
    Allowed(r"inspect", r"\.State\.Pid$", "a process gets the next free number"),
    Allowed(r"events", r"^\[\]\.time(Nano)?$", "moments"),
    # What an engine says of itself
    Allowed(
        r"inspect",
        r"\.(ResolvConfPath|HostnamePath|HostsPath|LogPath|SandboxID|SandboxKey)$",
        "where an engine keeps its files is its own affair",
    ),
    Allowed(
        r"inspect",
        r"\.GraphDriver\.|^\[\]\.Driver$",
        "ours is called overlay, not overlay2, and keeps its directories elsewhere",
    ),
    Allowed(
        r"inspect", r"\.HostConfig\.Runtime$", "crun where there is one, not runc", sometimes=True
    ),
    Allowed(r"inspect d-imported", r"\.DockerVersion$", "no Docker made it"),
    Allowed(r"resolv\.conf", r"^(#.*)?$", "Docker Engine signs the file in comments"),
    Allowed(
        r"docker push",
        r": (Mounted from |Pushed$)",
        "Docker remembers for every layer where it pushed it before, in an earlier test, too",
        sometimes=True,
    ),
    Allowed(
        r"docker cp",
        r"to tar: io: read/write on closed pipe",
        "the client says so when it is refused before it has sent all",
        sometimes=True,
    ),
    Allowed(
        r"d-exported|ls /data /data/etc|ls /data/inner",
        r"(mtab|hostname|hosts|resolv\.conf)$|^Deleted: ",
        "Docker makes /etc/mtab and its mount points when a container is made, we at its start",
    ),
    # Better here
    Allowed(
        r"registry}/page",
        r"[Dd]igest: sha256:|^Untagged: .*@sha256:",
        "Docker compresses layers anew for another registry; ours keeps an image's own digest",
    ),
    Allowed(
        r"docker load$",
        r"docker-import-\d+/repositories|does not contain a manifest",
        "Docker names one of its temporary files; we say what is missing in the archive",
    ),
    # Control groups and devices
    Allowed(
        r"mount",
        r" (cgroup2?|tmpfs)$|devtmpfs$",
        "our containers see no control groups, which a learner may not make; and crun covers what "
        "is to be hidden with the machine's /dev/null, runc with the container's",
    ),
    Allowed(r"ls /dev", r"^core$", "crun makes /dev/core where runc does not", sometimes=True),
    Allowed(
        r"docker pull",
        r"(Verifying Checksum|Download complete)$",
        "shown where it takes long enough to be seen",
        sometimes=True,
    ),
)

KEYS: tuple[Allowed, ...] = (
    Allowed(r"/info", r"\.Runtimes\b", "one runtime, without the features that only runc lists"),
    Allowed(r"/info", r"\.Containerd\b", "there is no containerd"),
    Allowed(r"/info", r"\.(Swap|Kernel)\w+|\.RuncCommit\b", "limits and parts of Docker's own"),
    Allowed(
        r"/info",
        r"\.Warnings\b",
        "Docker warns of the machine it runs on, where there is something to warn of",
        sometimes=True,
    ),
    Allowed(r"/json", r"\.GraphDriver\b", "each storage driver tells what it has to tell"),
)
"""The same of keys that only one engine's JSON has; `command` is the path that was asked for."""
