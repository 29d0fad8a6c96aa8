"""The session itself: what it uses of memory, CPUs and disk, and what is wrong with it."""
