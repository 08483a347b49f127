"""From a layer's tar to a directory, safely."""

from dockerlab.engine.unpack.layer import Applied, apply
from dockerlab.engine.unpack.ownership import Ownership

__all__ = ["Applied", "Ownership", "apply"]
