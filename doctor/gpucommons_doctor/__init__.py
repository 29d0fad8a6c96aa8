"""Checks of a cluster: whether GPU Commons can run there, and what to do where it cannot.

``gpucommons_doctor.examination`` lists them, ``gpucommons_doctor.command`` adds the command
``doctor``. This file imports nothing, so that the program starts fast.
"""
