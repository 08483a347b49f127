"""What can be done with containers.

``service`` is what the rest of the engine uses; each of its methods is work for one of these:

- What a container is: ``config`` (as it was asked for), ``model`` (as it is kept), ``names``; and
  where it is kept: ``register`` (on disk), ``lives`` (in memory).
- Making one: ``creation`` (with ``limits``, ``mounts`` and ``volumes``).
- Its life: ``lifecycle``, with ``stopping`` (and ``signals``), ``pausing``, ``exits``,
  ``restarts``, ``removal``; ``keeping`` and ``background`` serve these, ``recovery`` is for an
  engine that died.
- Starting its process: ``starting`` makes the bundle, with ``spec`` (its ``config.json``),
  ``machine``, ``users``, ``etc``, ``rootfs``, ``ports``, ``subpaths``; ``sharing`` and
  ``shared_memory`` are for what two containers have in common.
- What it says: ``streams``, ``logs``, ``attachment`` (and its ``backlog``), ``attaching``.
- In a running one: ``execs`` (each an ``exec_instance``), ``health``, ``processes``, ``updating``.
- Its files: ``copying``, ``looking``; ``skeleton`` says which of them are the engine's own.
- About all of them: ``listing``, ``pruning``; and ``renaming`` one.
"""
