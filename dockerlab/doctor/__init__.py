"""`dockerlab doctor`: look at everything a lesson needs, and say it."""

from dockerlab.doctor.examination import Report, examine
from dockerlab.doctor.report import as_json, as_text, network_as_text

__all__ = ["Report", "as_json", "as_text", "examine", "network_as_text"]
