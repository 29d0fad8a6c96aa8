"""Puts the parts of GPU Commons together: one hub configuration, one command.

Nothing is imported here: the command does not need the hub, nor the hub the command.
"""
