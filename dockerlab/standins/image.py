"""A stand-in image: layers and configuration, and the two forms in which it travels."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from dockerlab.labels import ANY_LESSON, LESSON_LABEL, STANDIN_LABEL
from dockerlab.standins.layer import STANDIN_TIME, Layer

_CREATED = datetime.fromtimestamp(STANDIN_TIME, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class StandIn:
    """An image that stands for the real `name`, for the processor `architecture` (Go's name)."""

    name: str
    architecture: str
    layers: tuple[Layer, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The whole name under which the engine will know it.

        Short, it would be `centos` on Docker and `localhost/centos` on Podman.
        """
        tagged = self.name if ":" in self.name else f"{self.name}:latest"
        return f"docker.io/library/{tagged}"

    @cached_property
    def config(self) -> bytes:
        """The image's configuration (OCI image specification, "Image Configuration").

        Its digest is the image's ID. It differs from the real image's, since the layers do.
        """
        document = {
            "architecture": self.architecture,
            "os": "linux",
            "created": _CREATED,
            "config": {
                "Env": [f"{name}={value}" for name, value in sorted(self.environment.items())],
                "Cmd": list(self.command),
                "Labels": {LESSON_LABEL: ANY_LESSON, STANDIN_LABEL: self.name},
            },
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            "history": [
                {"created": _CREATED, "created_by": layer.made_by, "comment": "dockerlab stand-in"}
                for layer in self.layers
            ],
        }
        return canonical(document)

    @property
    def image_id(self) -> str:
        """The digest of the configuration."""
        return digest(self.config)

    def manifest(self) -> bytes:
        """Return the manifest (OCI image specification, "Image Manifest"), layers in gzip."""
        layer_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        document = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", self.config),
            "layers": [descriptor(layer_type, layer.compressed) for layer in self.layers],
        }
        return canonical(document)


def docker_archive(images: Iterable[StandIn]) -> bytes:
    """Return what `docker load` reads, and every engine with it: the form of `docker save`."""
    files: dict[str, bytes] = {}
    manifest = []
    for image in images:
        names = {layer.diff_id: f"{_hex(layer.diff_id)}/layer.tar" for layer in image.layers}
        config = f"{_hex(image.image_id)}.json"
        files |= {names[layer.diff_id]: layer.tar for layer in image.layers}
        files[config] = image.config
        layers = [names[layer.diff_id] for layer in image.layers]
        manifest.append({"Config": config, "RepoTags": [image.reference], "Layers": layers})
    files["manifest.json"] = canonical(manifest)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size, header.mtime = len(data), STANDIN_TIME
            tar.addfile(header, io.BytesIO(data))
    return buffer.getvalue()


def descriptor(media_type: str, blob: bytes) -> dict[str, object]:
    """Return the pointer to a blob (OCI image specification, "Content Descriptors")."""
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob)}


def digest(blob: bytes) -> str:
    """Return the sha256 digest of some bytes, as OCI writes it."""
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def canonical(document: object) -> bytes:
    """Return a document as JSON, the same bytes each time."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _hex(digested: str) -> str:
    return digested.removeprefix("sha256:")
