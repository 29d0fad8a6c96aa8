"""The program ``gpucommons``, whose own times are shortened as those of the rules are.

``python -m tests.faults.hurried_program usage run``
"""

import sys

from gpucommons_accounting.service import accounting
from gpucommons_config.command import main
from gpucommons_culler.telemetry import source_reader

from .hurried_rules import FACTOR

accounting._BEAT_SECONDS /= FACTOR
source_reader._SETTLED /= FACTOR
sys.exit(main(sys.argv[1:]))
