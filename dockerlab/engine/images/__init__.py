"""What can be done with images.

``service`` is what the rest of the engine uses, ``library`` what all of the others need.

- The way in: ``pull``, ``loading`` (of an ``archive``, whose files are ``contents``), ``importing``
  and ``derivation`` (a build's step, a commit) all end in ``registration``, which unpacks by
  ``unpacking``. ``body`` is what a client sends, ``reporting`` what it is told meanwhile.
- The way out: ``push``, ``saving``; ``catalogue`` shows the images to other tools.
- Looking: ``listing`` (by ``pattern``), ``inspection``; their answers are in ``model``.
- ``removal``: names first, then the image, then what nobody else needs.
"""
