"""A prediction's question as a form: see `widget.py`."""
