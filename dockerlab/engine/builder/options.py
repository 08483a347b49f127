"""What a build is asked for: the parameters of ``POST /build`` (Docker Engine API 1.51)."""

from collections.abc import Mapping

import msgspec

from dockerlab.engine.containers.config import HostConfig
from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.oci import Platform
from dockerlab.engine.reference import Reference


class BuildOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to build.

    ``arguments`` are those of ``--build-arg``, None where only the name was given; ``labels`` are
    added at the end; ``credentials`` are by registry. ``host`` is what its containers are given.
    """

    dockerfile: str = "Dockerfile"
    tags: tuple[Reference, ...] = ()
    arguments: Mapping[str, str | None] = {}
    labels: Mapping[str, str] = {}
    target: str = ""
    use_cache: bool = True
    cache_from: tuple[str, ...] = ()
    pull: bool = False
    remove: bool = True
    """Remove the containers of steps that went well."""
    force_remove: bool = False
    """Remove those of steps that failed, too."""
    quiet: bool = False
    platform: Platform | None = None
    host: HostConfig = HostConfig()
    credentials: Mapping[str, Credentials] = {}
    with_ids: bool = True
    """Report each stage's image ID for machines as well."""
