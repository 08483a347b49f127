"""The Docker SDK's own integration tests, run against Docker Engine and the embedded engine."""
