"""Images from and to registries (OCI distribution specification).

``service`` is what the rest of the engine uses. A pull goes ``resolve`` (name to manifest and
config, from the first ``source`` that has it; read by ``manifests``) → ``pull`` (layers in order) →
``download`` (each blob once, resumed, verified). A ``push`` goes by ``upload``.

A source is a ``pack`` on this machine or a ``registry``, with its ``endpoint``, ``auth`` (as its
``challenge`` asks, with the user's ``credentials``), ``patience``, ``silence`` and ``replies``.
``transport`` is HTTP below it, through ``proxies``; ``mailbox`` joins its tasks.

Beside that: ``search``, ``tags``, and ``address`` for what is no registry (``ADD https://…``).
"""
