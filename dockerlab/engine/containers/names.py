"""Containers' names: what is allowed, and one for those who give none.

Docker joins an adjective and a person; ours joins an adjective and something from the sea, which
gives a name of the same form.
"""

import random

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.restricted_names import ALLOWED, NAME


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES = _words(
    """
    able airy ample apt azure bold brave breezy bright brisk calm candid careful cheery
    clean clear clever cosy curious daring deft dreamy eager early earnest easy fair fancy
    fast fearless fine fond free fresh frosty gentle glad golden grand handy happy hardy
    honest humble jolly keen kind lively loyal lucid lucky mellow merry mild misty modest
    neat nimble noble patient placid plain proud quick quiet rapid ready robust rosy serene
    sharp shiny silent silver sleek smart smooth snug sober spry steady still sturdy sunny
    swift tidy tranquil trusty upbeat vivid warm wise witty
    """
)
_NOUNS = _words(
    """
    anchor anemone atoll barnacle bay beacon breaker brig buoy canoe cape clam cliff clipper
    coast cockle compass coral cove crab cutter current dinghy dock dolphin dory dune
    estuary ferry fjord flipper frigate galley gannet gull gulf harbor heron herring islet
    jetty kayak keel kelp ketch krill lagoon lantern lighthouse limpet lobster manatee
    marlin marina mast mussel narwhal nautilus oar octopus orca otter oyster pearl pelican
    penguin petrel pier plankton polyp porpoise prawn puffin raft reef rudder sail salmon
    sandbar schooner sextant shell shoal shore shrimp skiff sloop sponge squid starfish
    strait surf tern tide trawler tuna turtle urchin walrus wave whale wharf yawl
    """
)


def generate(attempt: int = 0) -> str:
    """A name of two words; a digit is added from the second attempt on."""
    chosen = f"{random.choice(_ADJECTIVES)}_{random.choice(_NOUNS)}"  # noqa: S311 - no secret
    return f"{chosen}{random.randrange(10)}" if attempt else chosen  # noqa: S311


def check(name: str) -> str:
    """The name without its leading slash.

    Raises:
        InvalidParameter: it is not allowed.

    >>> check("/web-1")
    'web-1'

    """
    bare = name.removeprefix("/")
    if not NAME.fullmatch(bare):
        raise InvalidParameter(f"Invalid container name ({name}), only {ALLOWED} are allowed")
    return bare
