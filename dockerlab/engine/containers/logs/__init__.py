"""A container's output, kept on disk in the format of Docker's ``json-file`` driver.

Read ``records`` first: what one line of the file is. ``file`` writes them, ``rotation`` says what
happens when the file is full, ``reading`` finds the records that somebody asks for, and ``options``
has what ``--log-driver`` and ``--log-opt`` may say.
"""
