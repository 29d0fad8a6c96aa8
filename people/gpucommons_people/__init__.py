"""Teams and people, by command and from Python.

``gpucommons_people.people.People`` holds the operations; ``gpucommons_people.command``
adds the commands ``team``, ``user`` and ``workspace``. This file imports nothing, so
that the program starts fast.
"""
