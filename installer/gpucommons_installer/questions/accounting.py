"""Whether it is recorded who used which GPUs."""

from gpucommons_installer import formats
from gpucommons_installer.questions.question import Question, if_is

ACCOUNTING = (
    Question(
        "accounting",
        "Is it recorded who used which GPUs, with prices and budgets?",
        "on or off; its records are in a database beside the hub's",
        formats.one_of("on", "off"),
        default="off",
    ),
    Question(
        "time_zone",
        "Time zone of the site, by whose clock days, months and budgets begin",
        "a name such as Europe/Berlin",
        formats.time_zone,
        default="UTC",
        when=if_is("accounting", "on"),
    ),
)
