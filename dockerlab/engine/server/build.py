"""Building images: the classic builder, which is all that this engine has."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from aiohttp import web

from dockerlab.engine import platform as platforms
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.containers.config import HostConfig, Ulimit
from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere
from dockerlab.engine.reference import Reference, parse
from dockerlab.engine.server.answers import answer
from dockerlab.engine.server.call import Call
from dockerlab.engine.server.images import body
from dockerlab.engine.server.lines import send_lines
from dockerlab.engine.server.router import Route
from dockerlab.engine.server.versions import Version

T = TypeVar("T")

_IDS_SINCE = Version(1, 30)
_PLATFORM_SINCE = Version(1, 32)


async def build(call: Call) -> web.StreamResponse:
    """``docker build``."""
    options = _options(call)
    _refuse(call)
    return await send_lines(call, call.engine.builder.build(body(call), options))


def _options(call: Call) -> BuildOptions:
    """The request's parameters.

    Raises:
        InvalidParameter: one is malformed.

    """
    platform = call.text("platform") if call.version >= _PLATFORM_SINCE else ""
    force_remove = call.flag("forcerm")
    return BuildOptions(
        dockerfile=call.text("dockerfile") or "Dockerfile",
        tags=_tags(call),
        arguments=_json(call, "buildargs", dict[str, str | None], "build args") or {},
        labels=_json(call, "labels", dict[str, str], "labels") or {},
        target=call.text("target"),
        use_cache=not call.flag("nocache"),
        cache_from=tuple(_json(call, "cachefrom", list[str], "cache-from") or ()),
        pull=call.flag("pull"),
        remove=force_remove or not call.text("rm") or call.flag("rm"),
        force_remove=force_remove,
        quiet=call.flag("q"),
        platform=platforms.parse(platform) if platform else None,
        host=_host(call),
        credentials=_credentials(call.request.headers.get("X-Registry-Config", "")),
        with_ids=call.version >= _IDS_SINCE,
    )


def _refuse(call: Call) -> None:
    if call.flag("squash"):
        raise InvalidParameter("squash is only supported with experimental mode")
    if call.text("version", "1") not in ("", "1"):
        raise InvalidParameter("the embedded engine has the classic builder only")
    if call.given("securityopt"):
        raise InvalidParameter("security options are not supported on linux")
    remote = call.text("remote")
    if remote == "client-session":
        raise InvalidParameter(
            "experimental session with v1 builder is no longer supported, use builder version v2 "
            "(BuildKit) instead"
        )
    if remote:
        raise NotImplementedHere(
            "the embedded engine builds from what is sent to it, not from what an address leads "
            f"to: download {remote}, or clone it, and build from there"
        )


def _tags(call: Call) -> tuple[Reference, ...]:
    found: list[Reference] = []
    for text in filter(None, call.texts("t")):
        name = parse(text)
        if name.digest:
            raise InvalidParameter("build tag cannot contain a digest")
        found.append(name.stored)
    return tuple(dict.fromkeys(found))


def _host(call: Call) -> HostConfig:
    """What the containers of the build may use."""
    return HostConfig(
        memory=call.integer("memory") or 0,
        memory_swap=call.integer("memswap") or 0,
        cpu_shares=call.integer("cpushares") or 0,
        cpu_period=call.integer("cpuperiod") or 0,
        cpu_quota=call.integer("cpuquota") or 0,
        cpuset_cpus=call.text("cpusetcpus"),
        cpuset_mems=call.text("cpusetmems"),
        cgroup_parent=call.text("cgroupparent"),
        shm_size=call.integer("shmsize") or HostConfig().shm_size,
        network_mode=call.text("networkmode") or "default",
        extra_hosts=tuple(call.texts("extrahosts")) or None,
        ulimits=tuple(_json(call, "ulimits", list[Ulimit], "ulimit settings") or ()),
    )


def _json(call: Call, key: str, kind: type[T], what: str) -> T | None:
    text = call.text(key)
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=kind | None)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidParameter(f"error reading {what}: {error}") from None


def _credentials(header: str) -> Mapping[str, Credentials]:
    """Credentials by registry; what cannot be read counts as none, as in Docker."""
    try:
        document = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
        return msgspec.json.decode(document, type=dict[str, Credentials]) if document else {}
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return {}


async def prune(_call: Call) -> web.Response:
    """Remove what builds have left: nothing."""
    return answer({"CachesDeleted": None, "SpaceReclaimed": 0})


async def session(_call: Call) -> web.Response:
    """Refuse in the way that has BuildKit's clients fall back to the classic builder."""
    raise InvalidParameter("the embedded engine has the classic builder only")


routes = (
    Route("POST", "/build", build),
    Route("POST", "/build/prune", prune),
    Route("POST", "/session", session),
    Route("POST", "/grpc", session),
)
