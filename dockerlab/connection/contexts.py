"""Read the docker CLI's contexts: named engines in `~/.docker/contexts`.

The store's layout (docker/cli, `cli/context/store`): the context NAME is described in
`contexts/meta/<sha256 of NAME>/meta.json`, and its certificates are the files of
`contexts/tls/<sha256 of NAME>/docker/`.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dockerlab.connection.address import Address
from dockerlab.errors import ContextUnknown

DEFAULT_CONTEXT = "default"


class _Endpoint(msgspec.Struct, rename="pascal"):
    host: str = ""
    skip_tls_verify: bool = msgspec.field(default=False, name="SkipTLSVerify")


class _Meta(msgspec.Struct, rename="pascal"):
    endpoints: dict[str, _Endpoint] = {}
    metadata: dict[str, Any] = {}


class _Config(msgspec.Struct, rename="camel"):
    current_context: str = ""


def config_folder(environ: Mapping[str, str], *, home: Path) -> Path:
    """Return the docker CLI's own folder: `DOCKER_CONFIG`, else `~/.docker`."""
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker")


def current_context(environ: Mapping[str, str], *, home: Path) -> str:
    """Return the name of the context in use: `DOCKER_CONTEXT`, else what `docker context use` set.

    A `config.json` that cannot be read means the default context, as for the CLI, which warns.
    """
    named = environ.get("DOCKER_CONTEXT", "")
    if named:
        return named
    try:
        raw = (config_folder(environ, home=home) / "config.json").read_bytes()
        return msgspec.json.decode(raw, type=_Config).current_context or DEFAULT_CONTEXT
    except (OSError, msgspec.DecodeError):
        return DEFAULT_CONTEXT


def context_address(name: str, environ: Mapping[str, str], *, home: Path) -> Address:
    """Return the address of the engine behind the context `name`.

    Raises:
        ContextUnknown: there is no such context, or its description cannot be read.

    """
    identity = hashlib.sha256(name.encode()).hexdigest()
    contexts = config_folder(environ, home=home) / "contexts"
    try:
        raw = (contexts / "meta" / identity / "meta.json").read_bytes()
        endpoint = msgspec.json.decode(raw, type=_Meta).endpoints["docker"]
    except (OSError, msgspec.DecodeError, KeyError) as error:
        raise ContextUnknown(name=name) from error
    certificates = contexts / "tls" / identity / "docker"
    tls = certificates.is_dir() or endpoint.host.startswith("https:")
    return Address(
        endpoint.host,
        certificates=certificates if certificates.is_dir() else None,
        verify=not endpoint.skip_tls_verify,
        tls=tls and not endpoint.host.startswith("unix:"),
    )
