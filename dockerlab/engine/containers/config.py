"""What a container is asked to be: the body of ``POST /containers/create``, as types.

Fields and defaults are those of the Docker Engine API 1.51 (``ContainerConfig``, ``HostConfig``).
Those that this engine does not act on are kept all the same, since ``docker inspect`` shows them.
``None`` stands where Docker's answer is ``null``.
"""

from typing import Any

import msgspec

from dockerlab.engine.oci import RunConfig


class ContainerConfig(RunConfig, frozen=True, rename="pascal"):
    """What runs, whatever the host: the image's run configuration plus the container's own."""

    hostname: str = ""
    domainname: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    image: str = ""
    network_disabled: bool = False
    mac_address: str = ""
    stop_timeout: int | None = None


class RestartPolicy(msgspec.Struct, frozen=True, rename="pascal"):
    """When the engine starts the container again by itself."""

    name: str = "no"
    maximum_retry_count: int = 0


class LogConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """Where the container's output is kept."""

    type: str = "json-file"
    config: dict[str, str] = {}


class Ulimit(msgspec.Struct, frozen=True, rename="pascal"):
    """A resource limit of the container's processes (setrlimit(2))."""

    name: str
    soft: int
    hard: int


class MountPoint(msgspec.Struct, frozen=True, rename="pascal"):
    """A mount asked for with ``--mount``."""

    target: str = ""
    source: str = ""
    type: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: dict[str, Any] | None = None
    volume_options: dict[str, Any] | None = None
    tmpfs_options: dict[str, Any] | None = None


class PortBinding(msgspec.Struct, frozen=True):
    """A port of the host that leads to one of the container."""

    host_ip: str = msgspec.field(default="", name="HostIp")
    host_port: str = msgspec.field(default="", name="HostPort")


class HostConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """How the container sits on its host. Sizes in bytes, CPU times in microseconds."""

    binds: tuple[str, ...] | None = None
    container_id_file: str = msgspec.field(default="", name="ContainerIDFile")
    log_config: LogConfig = LogConfig()
    network_mode: str = "default"
    port_bindings: dict[str, tuple[PortBinding, ...] | None] | None = None
    restart_policy: RestartPolicy = RestartPolicy()
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: tuple[str, ...] | None = None
    console_size: tuple[int, int] = (0, 0)
    annotations: dict[str, str] | None = None
    cap_add: tuple[str, ...] | None = None
    cap_drop: tuple[str, ...] | None = None
    cgroupns_mode: str = "host"
    dns: tuple[str, ...] | None = ()
    dns_options: tuple[str, ...] | None = ()
    dns_search: tuple[str, ...] | None = ()
    extra_hosts: tuple[str, ...] | None = None
    group_add: tuple[str, ...] | None = None
    ipc_mode: str = "private"
    cgroup: str = ""
    links: tuple[str, ...] | None = None
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: tuple[str, ...] | None = None
    storage_opt: dict[str, str] | None = None
    tmpfs: dict[str, str] | None = None
    uts_mode: str = msgspec.field(default="", name="UTSMode")
    userns_mode: str = ""
    shm_size: int = 67108864
    sysctls: dict[str, str] | None = None
    runtime: str = ""
    isolation: str = ""
    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    cgroup_parent: str = ""
    blkio_weight: int = 0
    blkio_weight_device: tuple[dict[str, Any], ...] | None = ()
    blkio_device_read_bps: tuple[dict[str, Any], ...] | None = ()
    blkio_device_write_bps: tuple[dict[str, Any], ...] | None = ()
    blkio_device_read_iops: tuple[dict[str, Any], ...] | None = msgspec.field(
        default=(), name="BlkioDeviceReadIOps"
    )
    blkio_device_write_iops: tuple[dict[str, Any], ...] | None = msgspec.field(
        default=(), name="BlkioDeviceWriteIOps"
    )
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_realtime_period: int = 0
    cpu_realtime_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    devices: tuple[dict[str, Any], ...] | None = ()
    device_cgroup_rules: tuple[str, ...] | None = None
    device_requests: tuple[dict[str, Any], ...] | None = None
    kernel_memory_tcp: int = msgspec.field(default=0, name="KernelMemoryTCP")
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    mounts: tuple[MountPoint, ...] | None = None
    oom_kill_disable: bool | None = False
    init: bool | None = None
    pids_limit: int | None = None
    ulimits: tuple[Ulimit, ...] | None = ()
    cpu_count: int = 0
    cpu_percent: int = 0
    io_maximum_iops: int = msgspec.field(default=0, name="IOMaximumIOps")
    io_maximum_bandwidth: int = msgspec.field(default=0, name="IOMaximumBandwidth")
    masked_paths: tuple[str, ...] | None = None
    readonly_paths: tuple[str, ...] | None = None
