"""From a layer's tar to a directory, safely.

To read it, follow the bytes:

1. ``layer``: ``apply`` is all of it in one page.
2. ``source`` and ``compression``: the blob becomes the tar's bytes, which are hashed on their way.
3. ``tar`` and ``sparse``: the bytes become entries, which say what is to be made.
4. ``extract``: an entry becomes a file, a link or a directory.
5. ``root``: why no name and no symbolic link leads out of the directory.
6. ``files`` and ``ownership``: each kind of file with its attributes, and whose it may be.
7. ``whiteouts`` and ``below``: how a layer removes what it does not hold.

Specification: OCI image-spec, layer.md ("Applying Changesets", "Whiteouts").
"""

from dockerlab.engine.unpack.layer import Applied, apply
from dockerlab.engine.unpack.ownership import Ownership

__all__ = ["Applied", "Ownership", "apply"]
