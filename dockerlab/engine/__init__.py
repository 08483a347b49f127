"""A rootless Docker Engine in Python, for places where no other can run.

It imports nothing else of dockerlab and could be a package of its own.
"""
