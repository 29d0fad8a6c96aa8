"""Teams and people, by command and from Python.

``gpucommons_people.people.People`` holds the operations; ``gpucommons_people.command``
reads the arguments of the commands, which ``gpucommons_people.operations`` runs. This file
imports nothing, so that the program starts fast.
"""
