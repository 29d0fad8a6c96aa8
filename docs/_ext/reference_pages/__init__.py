"""Pages of the reference that are made from the program: settings, command line, catalogue,
rules of admission, rights.

Nothing here needs Sphinx: each module returns Markdown, and ``sphinx_pages`` puts it into a page.
"""
