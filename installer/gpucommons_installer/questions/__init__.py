"""What is asked of an installation, in the order in which it is asked."""

from gpucommons_installer.questions.accounting import ACCOUNTING
from gpucommons_installer.questions.addresses import ADDRESSES
from gpucommons_installer.questions.backups import BACKUPS
from gpucommons_installer.questions.cluster import CLUSTER, LAST
from gpucommons_installer.questions.gpus import GPUS
from gpucommons_installer.questions.pages import PAGES
from gpucommons_installer.questions.people import PEOPLE
from gpucommons_installer.questions.question import Question

__all__ = ["QUESTIONS", "Question"]

QUESTIONS: tuple[Question, ...] = (
    *ADDRESSES,
    *PAGES,
    *PEOPLE,
    *CLUSTER,
    *BACKUPS,
    *ACCOUNTING,
    *GPUS,
    *LAST,
)
