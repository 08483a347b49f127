"""Find a container engine and tell what it is.

`candidates` lists where an engine may be, in the order of preference; `probe` asks one address,
with a short time-out and a reason for every failure; `find` goes through the list.
"""

from dockerlab.connection.address import Address
from dockerlab.connection.candidates import Candidate, Source, candidates
from dockerlab.connection.facts import NO_RUNTIME, EngineFacts, EngineKind, engine_name, read_facts
from dockerlab.connection.find import Attempt, Connection, find
from dockerlab.connection.probe import Ping, probe

__all__ = [
    "NO_RUNTIME",
    "Address",
    "Attempt",
    "Candidate",
    "Connection",
    "EngineFacts",
    "EngineKind",
    "Ping",
    "Source",
    "candidates",
    "engine_name",
    "find",
    "probe",
    "read_facts",
]
