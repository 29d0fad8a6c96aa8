"""Which repository each workspace has, with its password, sealed and erased."""
