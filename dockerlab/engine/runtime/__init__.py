"""From a bundle to a running process.

Read ``runtime`` first: what a runtime promises, whichever it is. Then follow one of the two.

With namespaces, as Docker does it:

1. ``oci``: one execution of crun or runc a container. What it says when it fails is read by
   ``program_log`` and put into Docker's words by ``failures``.
2. ``process``: how the engine becomes the parent of a process that it did not start, and learns of
   its end. ``console``: how it gets the terminal.
3. ``membership``, ``freezer`` and ``control_group``: which processes are a container's, how they
   are stopped for a while, and limited. ``cgroups`` finds out what the machine offers.

Without any privilege:

1. ``proot``: the same promises, as far as they can be kept.
2. ``bundle`` and ``guest``: what of ``config.json`` can be had, and what the container sees where.
3. ``spawner`` and ``seccomp``: how proot is started, and which system calls are hidden from what it
   runs. ``terminal``: the terminal that nobody else makes.
4. ``supervisor`` and ``proot_process``: the first process of each container, and what it tells.

``probe`` chooses between them by trying; ``none`` is for where neither works. ``survivors`` ends
what an engine that died left running.

Specification: OCI runtime-spec, runtime.md ("Lifecycle") and bundle.md.
"""
