"""A registry of images on this computer only: small, short-lived, for lessons and tests.

    registry = start_registry()
    registry.address                    # "localhost:5050", what stands in front of an image's name
    registry.stop()

It speaks the OCI distribution specification 1.1 (push, pull, content discovery, content
management) as far as `docker push` and `docker pull` need it, on the loopback address and without
TLS, which engines allow there. It runs in a thread of the process that started it, keeps its blobs
in a temporary folder, and ends with that process.
"""

from dockerlab.registry.running import Registry, start_registry

__all__ = ["Registry", "start_registry"]
