"""The runtime's configuration of a container: Docker's defaults, in the words of OCI.

``configuration`` puts ``config.json`` together; the other files are its parts, in its order:
``process``, ``default_filesystems``, then what is Linux's own: ``linux`` with ``namespaces``,
``seccomp`` and ``security``. Who may do what is in ``capabilities``.

Specification: opencontainers/runtime-spec v1.0, config.md and config-linux.md.
"""
