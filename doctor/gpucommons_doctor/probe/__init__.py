"""The start probe: a person of its own, who starts a small session again and again."""
