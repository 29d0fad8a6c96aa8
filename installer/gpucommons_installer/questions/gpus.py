"""Which GPUs there are, and how they are shared."""

from gpucommons_installer import formats
from gpucommons_installer.answers import Answered, Value
from gpucommons_installer.questions.question import Question, if_any


def _some_at_all(value: Value, so_far: Answered) -> None:
    if not value and so_far.get("whole_gpus") == so_far.get("shared_gpus") == 0:
        raise ValueError(
            "there are no GPUs then; say how many: --whole-gpus, --shared-gpus or --mig-slices"
        )


GPUS = (
    Question(
        "whole_gpus",
        "How many GPUs are given out whole?",
        "a number, or 0",
        formats.count,
    ),
    Question(
        "shared_gpus",
        "How many GPUs are shared by MPS?",
        "a number, or 0",
        formats.count,
        default="0",
    ),
    Question(
        "shares",
        "Into how many shares is each of those cut?",
        "2 to 48",
        formats.shares,
        default="4",
        when=if_any("shared_gpus"),
    ),
    Question(
        "mig_slices",
        "How many MIG slices are there?",
        "a number, or 0",
        formats.count,
        default="0",
        rule=_some_at_all,
    ),
    Question(
        "mig_profile",
        "Which profile do they have?",
        "as nvidia-smi writes it, such as 1g.10gb",
        formats.mig_profile,
        when=if_any("mig_slices"),
    ),
    Question(
        "gpu_model",
        "Which GPU model, if sessions may use one alone?",
        "the node label nvidia.com/gpu.product, such as NVIDIA-H200, or nothing: any",
        formats.gpu_product,
        default="",
    ),
    Question(
        "runtime_class",
        "RuntimeClass of nodes with GPUs, where nvidia is not their default (k3s, RKE2)",
        "its name, such as nvidia, or nothing",
        formats.object_name,
        default="",
    ),
    Question(
        "queue",
        "Where does a session wait that finds no free GPU?",
        "kueue, which is a queue, or none: then its start fails after a while",
        formats.one_of("kueue", "none"),
        default="kueue",
    ),
)
