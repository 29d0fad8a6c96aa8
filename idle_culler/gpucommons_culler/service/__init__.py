"""The culler as a program, which looks at all sessions again and again."""
