"""Images from and to registries (OCI distribution specification).

``service.Distribution`` is what the rest of the engine uses. A pull goes ``resolve`` (name to
manifest and config, from the first ``source`` that has it) → ``pull`` (layers in order) →
``download`` (each blob once, resumed, verified). Sources are ``registry`` (with ``auth`` and
``transport``) and ``pack``.
"""
