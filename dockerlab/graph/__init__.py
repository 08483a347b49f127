"""Pictures of what `dockerlab.layers` and the engine tell, each with the same in words.

`Drawing` is what every function here returns; a notebook shows it by itself.
"""

from dockerlab.graph.builds import draw_builds
from dockerlab.graph.containers import Process, draw_containers
from dockerlab.graph.drawing import Drawing
from dockerlab.graph.sequence import Message, Sequence, draw_sequence
from dockerlab.graph.sharing import Removal, draw_sharing

__all__ = [
    "Drawing",
    "Message",
    "Process",
    "Removal",
    "Sequence",
    "draw_builds",
    "draw_containers",
    "draw_sequence",
    "draw_sharing",
]
