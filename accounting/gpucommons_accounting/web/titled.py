"""Reports whose lines are called as people call environments and sizes."""

from gpucommons_web.titles import Titles

from gpucommons_accounting.reckoning.use.report import By, Report


def titled(said: Report, by: By, titles: Titles) -> Report:
    """Give the lines of a report their titles; how people and teams are called it knows itself."""
    called = {By.SIZE: titles.size, By.ENVIRONMENT: titles.environment}.get(by)
    if called is not None:
        for line in said.lines:
            line.about = line.about._replace(title=called(line.name))
    return said
