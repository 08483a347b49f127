"""Real engines and a real registry for the tests: started here, used everywhere.

Nothing in this package imitates an engine. It starts the programs that people run, on sockets and
loopback ports of its own, and ends them when the test session ends.
"""
