"""Builds images: the classic builder of Docker Engine.

``service`` receives a context (``context``, ``options``) and starts a ``build``, which goes through
the stages (``stage``) and has each step carried out by ``steps``: ``copying`` (from ``sources``, by
``wildcards``, or a ``download``) and ``running``, with build arguments in ``variables``. Each step
becomes one of ``images``, found by ``cache`` or made on ``bases``, with the config that
``document`` writes. ``workspace`` mounts file systems for it, ``output`` says what goes on.
``committing`` is ``docker commit``, which makes an image in the same way.
"""
