"""A look at an installation from outside: a session is started as a person starts one.

``walk`` goes through the steps of ``steps``, ``command`` is ``gpucommons doctor --after``. This
file imports nothing, so that the program starts fast.
"""
