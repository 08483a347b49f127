"""Creating a container: what was asked for, merged with what its image says, and checked."""

import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dockerlab.engine.containers import (
    limits,
    mounts,
    names,
    ports,
    sharing,
    signals,
)
from dockerlab.engine.containers.config import ContainerConfig, HostConfig, LogConfig
from dockerlab.engine.containers.logs.options import check_options
from dockerlab.engine.containers.model import Container, Created, Spec, State
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.spec import capabilities, namespaces, security
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import HealthConfig, Platform, RunConfig
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.disk import kindly
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.volumes.service import Volumes

RUNTIMES = frozenset({"", "runc", "crun", "oci", "io.containerd.runc.v2"})
_POLICIES = ("no", "always", "on-failure", "unless-stopped")


class Creation:
    """Makes containers; they do not run yet."""

    def __init__(
        self,
        register: Register,
        *,
        images: Images,
        snapshots: Snapshotter,
        volumes: Volumes,
        controllers: Controllers,
        runtime: str,
    ) -> None:
        """``runtime`` is the name to show where none was asked for."""
        self._register = register
        self._images = images
        self._snapshots = snapshots
        self._volumes = volumes
        self._controllers = controllers
        self._runtime = runtime

    def create(
        self,
        *,
        name: str | None,
        config: ContainerConfig,
        host: HostConfig,
        platform: Platform | None,
    ) -> Created:
        """See ``Containers.create``."""
        container_id = _new_id()
        given = names.check(name) if name else ""
        check(config, host)
        image = self._images.resolve(config.image, platform=platform)
        merged = merge(config, self._images.config(image).config or RunConfig())
        if not merged.entrypoint and not merged.cmd:
            raise InvalidParameter("no command specified")
        merged, host = sharing.settle(merged, host, find=self._register.find, runtime=self._runtime)
        merged = _named(merged, host, container_id)
        host, warnings = limits.settle(self._with_defaults(host), self._controllers)
        warnings = (*warnings, *ports.discarded(host))
        planned = mounts.plan(merged, host, find=self._register.find)
        path, *arguments = (*(merged.entrypoint or ()), *(merged.cmd or ()))
        container = Container(
            id=container_id,
            name=given,
            image_id=image.image_id,
            created=self._register.now(),
            spec=Spec(
                config=merged,
                host=host,
                path=path,
                args=tuple(arguments),
                mounts=planned.mounts,
                unfilled=planned.unfilled,
            ),
            state=State(),
        )
        container = self._keep(container, image, given=bool(given))
        self._register.publish(container, "create")
        return Created(container_id, warnings)

    def _keep(self, container: Container, image: Image, *, given: bool) -> Container:
        """Make the writable layer, the volumes and the row together: a crash leaves all or none."""
        home = self._register.home(container.id)
        names: list[str] = []
        files: Path | None = None
        try:
            with kindly("create the container"):
                home.mkdir(mode=0o700)
            with self._register.database.transaction(durable=False):
                container = self._with_volumes(container, names)
                container = self._register.add(container, given=given)
                self._volumes.use(container.id, names)
                files = self._snapshots.prepare(container.id, parent=image.chain_id)
        except BaseException:
            self._volumes.forget(names)
            if files is not None:
                trees.remove(files.parent)
            trees.remove(home)
            raise
        return container

    def _with_volumes(self, container: Container, names: list[str]) -> Container:
        """Make the volumes that are not there yet, and say where they are; ``names`` gets all."""
        spec = container.spec
        labels = {mount.source: mount.volume_options for mount in spec.host.mounts or ()}
        made = []
        for mount in spec.mounts:
            if mount.type == "volume":
                asked = (labels.get(mount.name) or {}).get("Labels")
                name = self._volumes.create(mount.name, labels=asked).name
                names.append(name)
                source = str(self._volumes.data(name))
                mount = msgspec.structs.replace(mount, name=name, source=source)  # noqa: PLW2901
            made.append(mount)
        new = msgspec.structs.replace(spec, mounts=tuple(made))
        return msgspec.structs.replace(container, spec=new)

    def _with_defaults(self, host: HostConfig) -> HostConfig:
        changes: dict[str, object] = {"runtime": host.runtime or self._runtime}
        if not host.shm_size:
            changes["shm_size"] = HostConfig().shm_size
        if host.memory > 0 and not host.memory_swap:
            changes["memory_swap"] = 2 * host.memory
        if not host.network_mode:
            changes["network_mode"] = "default"
        if not host.ipc_mode:
            changes["ipc_mode"] = "private"
        if not host.log_config.type:
            changes["log_config"] = LogConfig("json-file", host.log_config.config)
        if host.privileged:
            changes |= {"masked_paths": None, "readonly_paths": None}
        else:
            if host.masked_paths is None:
                changes["masked_paths"] = security.MASKED_PATHS
            if host.readonly_paths is None:
                changes["readonly_paths"] = security.READONLY_PATHS
        return msgspec.structs.replace(host, **changes)


def check(config: ContainerConfig, host: HostConfig) -> None:
    """Refuse what is malformed, in Docker's words; raises as ``Containers.create`` does."""
    _check_config(config)
    capabilities.check(host.cap_add or (), "CapAdd")
    capabilities.check(host.cap_drop or (), "CapDrop")
    check_restarts(host)
    limits.check(host)
    namespaces.check(host)
    security.check(host.security_opt or ())
    check_options(host.log_config.type, host.log_config.config)
    for extra in host.extra_hosts or ():
        if ":" not in extra:
            raise InvalidParameter(f'bad format for add-host: "{extra}"')
    if host.runtime not in RUNTIMES:
        raise InvalidParameter(f"unknown or invalid runtime name: {host.runtime}")


def merge(config: ContainerConfig, image: RunConfig) -> ContainerConfig:
    """The container's configuration, with the image's where the container says nothing."""
    changes: dict[str, object] = {
        "user": config.user or image.user,
        "env": _merge_env(config.env, image.env),
        "exposed_ports": _merge_maps(image.exposed_ports, config.exposed_ports),
        "volumes": _merge_maps(image.volumes, config.volumes),
        "labels": _merge_maps(image.labels, config.labels) or {},
        "working_dir": config.working_dir or image.working_dir,
        "stop_signal": config.stop_signal or image.stop_signal,
        "healthcheck": _merge_health(config.healthcheck, image.healthcheck),
        "shell": config.shell or image.shell,
    }
    # An entrypoint of one empty word takes the image's away.
    entrypoint = None if config.entrypoint == ("",) else config.entrypoint
    command = config.cmd
    if not config.entrypoint:
        command = config.cmd or image.cmd
        entrypoint = image.entrypoint if config.entrypoint is None else config.entrypoint
    changes |= {"entrypoint": entrypoint, "cmd": command}
    return msgspec.structs.replace(config, **changes)


def _check_config(config: ContainerConfig) -> None:
    if config.working_dir and not config.working_dir.startswith("/"):
        raise InvalidParameter(
            f"the working directory '{config.working_dir}' is invalid, it needs to be an"
            " absolute path"
        )
    for entry in config.env or ():
        if not entry or entry.startswith("="):
            raise InvalidParameter(f"invalid environment variable: {entry}")
    if config.stop_signal:
        signals.parse(config.stop_signal)


def check_restarts(host: HostConfig) -> None:
    """Refuse a restart policy that makes no sense; raises InvalidParameter."""
    policy = host.restart_policy
    if policy.name and policy.name not in _POLICIES:
        raise InvalidParameter(
            f"invalid restart policy: unknown policy '{policy.name}'; use one of 'no', 'always',"
            " 'on-failure', or 'unless-stopped'"
        )
    if policy.name != "on-failure" and policy.maximum_retry_count:
        raise InvalidParameter(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
        )
    if policy.maximum_retry_count < 0:
        raise InvalidParameter("invalid restart policy: maximum retry count cannot be negative")
    if host.auto_remove and policy.name not in ("", "no"):
        raise InvalidParameter("can't create 'AutoRemove' container with restart policy")


def _named(config: ContainerConfig, host: HostConfig, container_id: str) -> ContainerConfig:
    if config.hostname:
        return config
    of_machine = "host" in (host.network_mode, host.uts_mode)
    hostname = socket.gethostname() if of_machine else container_id[:12]
    return msgspec.structs.replace(config, hostname=hostname)


def _merge_env(own: Sequence[str] | None, image: Sequence[str] | None) -> tuple[str, ...] | None:
    if not own:
        return tuple(image) if image is not None else None
    said = {entry.partition("=")[0] for entry in own}
    return (*own, *(entry for entry in image or () if entry.partition("=")[0] not in said))


def _merge_health(own: HealthConfig | None, image: HealthConfig | None) -> HealthConfig | None:
    """What the container does not say of its health check, the image does."""
    if own is None or image is None:
        return own or image
    return HealthConfig(
        test=own.test or image.test,
        interval=own.interval or image.interval,
        timeout=own.timeout or image.timeout,
        start_period=own.start_period or image.start_period,
        start_interval=own.start_interval or image.start_interval,
        retries=own.retries or image.retries,
    )


def _merge_maps(
    image: Mapping[str, object] | None, own: Mapping[str, object] | None
) -> dict[str, object] | None:
    merged = {**(image or {}), **(own or {})}
    return merged or None


def _new_id() -> str:
    """64 hexadecimal digits; as in Docker never a number, which would look like a pid."""
    while True:
        container_id = secrets.token_hex(32)
        if not container_id[:12].isdecimal():
            return container_id
