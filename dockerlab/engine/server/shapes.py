"""Answers shaped for the version of the API that was asked for.

The services answer in the newest version's form; here is what older clients still get. What changed
when is in "Engine API version history" of the Docker documentation; the rest was seen by asking a
Docker Engine 28.5 in all its versions.
"""

from typing import Any

import msgspec

from dockerlab.engine.images.model import Details, Summary
from dockerlab.engine.server.versions import Version

Document = dict[str, Any]

_WHEN_SET = ("ExposedPorts", "Healthcheck", "StopSignal", "Shell", "ArgsEscaped")
"""Keys of an image's ``Config`` that are left out where they say nothing."""

_CONTAINER_KEYS: Document = {
    "Hostname": "",
    "Domainname": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Image": "",
}
"""Keys that an image's ``Config`` had before API 1.50; they never meant anything there."""


def document(value: object) -> Document:
    """A struct as a JSON object that can be changed."""
    made = msgspec.to_builtins(value)
    assert isinstance(made, dict)
    return made


def without_empty(value: Document, *names: str) -> Document:
    """Leave out the keys ``names`` where their values are empty."""
    return {key: item for key, item in value.items() if item or key not in names}


def image_summary(summary: Summary, version: Version) -> Document:
    """One image in a list (``ImageSummary``)."""
    made = document(summary)
    if version < Version(1, 51):
        made["Containers"] = -1
    if version < Version(1, 44):
        made["VirtualSize"] = summary.size
    if version < Version(1, 43) and not (summary.repo_tags or summary.repo_digests):
        made |= {"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}
    return made


def image_usage(summary: Summary, version: Version) -> Document:
    """One image in ``docker system df``, where Docker says null for no digests."""
    made = document(summary)
    made |= {name: made[name] or None for name in ("RepoTags", "RepoDigests")}
    if version < Version(1, 44):
        made["VirtualSize"] = summary.size
    return made


def image_details(details: Details, version: Version) -> Document:
    """One image in full (``ImageInspect``)."""
    made = without_empty(document(details), "Created", "Variant", "OsVersion")
    if made["Config"] is not None:
        made["Config"] = image_config(made["Config"], version)
    if version < Version(1, 45):
        made["ContainerConfig"] = _CONTAINER_KEYS | image_config({}, version)
    if version < Version(1, 44):
        made["VirtualSize"] = details.size
        made.setdefault("Created", "0001-01-01T00:00:00Z")
    return made


def image_config(config: Document, version: Version) -> Document:
    """An image's ``Config``."""
    always: Document = dict.fromkeys(("Env", "Cmd", "Volumes", "Entrypoint", "OnBuild", "Labels"))
    made = {"User": "", "WorkingDir": "", **always, **without_empty(config, *_WHEN_SET)}
    return made if version >= Version(1, 50) else _CONTAINER_KEYS | made


def information(info: Document, version: Version) -> Document:
    """The engine's facts (``SystemInfo``)."""
    made = dict(info)
    if version < Version(1, 50):
        made |= {"BridgeNfIptables": False, "BridgeNfIp6tables": False}
    if version < Version(1, 47):
        nondistributable = ("CIDRs", "Hostnames")
        names = (f"AllowNondistributableArtifacts{name}" for name in nondistributable)
        made["RegistryConfig"] = made["RegistryConfig"] | dict.fromkeys(names)
    if version < Version(1, 42):
        made["KernelMemory"] = False
    return made
