"""What our programs log: lines for machines or for people, what they are about, and no secret."""

from gpucommons_upkeep.logs.about import about, facts_now, note
from gpucommons_upkeep.logs.audit import AUDIT_LOG, put_on_record
from gpucommons_upkeep.logs.begin import LOG_FORMAT, Form, begin_logs, chosen_form
from gpucommons_upkeep.logs.redaction import REDACTED, redacted

__all__ = [
    "AUDIT_LOG",
    "LOG_FORMAT",
    "REDACTED",
    "Form",
    "about",
    "begin_logs",
    "chosen_form",
    "facts_now",
    "note",
    "put_on_record",
    "redacted",
]
