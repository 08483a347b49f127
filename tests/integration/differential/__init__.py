"""The same `docker` commands on Docker Engine and on the embedded engine, answers compared."""
