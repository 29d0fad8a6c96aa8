"""Somebody with edit rights in a team's namespace gets around quota, images and isolation nowhere.

What is refused and what is let in is in `quota`, `catalogue`, `isolation` and `files`. A real API
server is asked it by the policies of cluster/policies; gator and a real Gatekeeper are, by the same
rules as templates. The namespace has no label of Pod Security, which would refuse some of it before
they do.
"""
