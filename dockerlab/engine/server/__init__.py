"""The Docker Engine API over HTTP on a unix socket; no logic of its own."""
