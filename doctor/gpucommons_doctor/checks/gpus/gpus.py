"""What the nodes' GPUs are called, and whether the sizes of the catalogue mean the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import ClassVar

from gpucommons_contract.formats.wording import counted, first_of, joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes import MPS, OfProduct, TimeSlice
from gpucommons_spawner.catalogue.gpu_modes.fields import PRODUCT_LABEL, SHARED_RESOURCE

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.gpus.gpu_nodes import REPLICAS_LABEL, GPUNode, gpu_nodes
from gpucommons_doctor.finding import Finding, fault, good, unknown, warning
from gpucommons_doctor.kubernetes import NODES, RESOURCE_SLICES, spec_of

_STRATEGIES = {"mps": "mps", "timeslice": "time-slicing"}
"""GPU mode, and the node label's word for it."""
_MOST_NAMES = 5
_PLUGIN = "Look at the pods of NVIDIA's device plugin on these nodes."
_DISCOVERY = (
    "Install GPU Feature Discovery with Node Feature Discovery (gfd.enabled in the device plugin's "
    "chart)."
)

Sizes = Mapping[str, Size]


class GPUs(Check):
    """Looks at what nodes offer, and at their labels."""

    name: ClassVar[str] = "gpus"
    question: ClassVar[str] = "Do the nodes offer their GPUs, under the names that sizes ask for?"

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all nodes, and where GPUs are offered by Dynamic Resource Allocation."""
        nodes = gpu_nodes(await cluster.list(NODES))
        silent = any(each.is_silent for each in nodes)
        slices = await cluster.list(RESOURCE_SLICES) if silent else ()
        by_dra = {str(spec_of(each).get("nodeName")) for each in slices}
        return [*judge_offers(nodes, by_dra), *judge_labels(self._sizes, nodes)]


class Shares(Check):
    """Compares the shares that sizes are charged for with those that GPUs are cut into."""

    name: ClassVar[str] = "gpu-shares"
    question: ClassVar[str] = "Are GPUs cut into as many shares as the catalogue says?"

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all nodes with GPUs."""
        return judge_shares(self._sizes, gpu_nodes(await cluster.list(NODES)))


def judge_offers(nodes: Sequence[GPUNode], by_dra: Set[str]) -> list[Finding]:
    """Judge what nodes offer. by_dra: those that offer devices by DRA."""
    total: Counter[str] = Counter()
    for node in nodes:
        total.update(node.offers)
    offered = joined([f"{count} {resource}" for resource, count in sorted(total.items())])
    offering = sum(1 for node in nodes if node.offers)
    findings = [good(f"On {counted(offering, 'node')}: {offered}.")] if offered else []
    if silent := [e.name for e in nodes if e.is_silent and e.name not in by_dra]:
        findings.append(
            fault(f"GPUs, but none offered to pods: {first_of(silent, _MOST_NAMES)}.", _PLUGIN)
        )
    if broken := [f"{e.name} ({_listed(e.broken)})" for e in nodes if e.broken]:
        findings.append(
            warning(f"GPUs that are not well: {first_of(broken, _MOST_NAMES)}.", _PLUGIN)
        )
    if alike := [node.name for node in nodes if node.shares_look_whole]:
        findings.append(
            fault(
                f"Shares of GPUs are offered as whole ones: {first_of(alike, _MOST_NAMES)}.",
                "Set renameByDefault: true in the device plugin's sharing configuration, so that "
                f"shares are called {SHARED_RESOURCE}; sizes for shares ask for that name.",
            )
        )
    return findings or [good("No node has a GPU that is offered by a device plugin.")]


def judge_labels(sizes: Sizes, nodes: Sequence[GPUNode]) -> list[Finding]:
    """Judge whether nodes have the labels that sizes ask for."""
    asking = [
        name
        for name, size in sizes.items()
        if isinstance(size.gpu, MPS | TimeSlice) or _product(size)
    ]
    findings = []
    if bare := [node.name for node in nodes if node.offers and not node.product]:
        found = f"GPUs without the label {PRODUCT_LABEL}: {first_of(bare, _MOST_NAMES)}."
        if asking:
            found = f"{found} Sizes that need such labels never run there: {', '.join(asking)}."
            findings.append(fault(found, _DISCOVERY))
        else:
            findings.append(warning(found, _DISCOVERY))
    for name, size in sizes.items():
        product, asked = _product(size), size.gpu_fields().limits
        products = sorted({e.product for e in nodes if e.product and e.offers.keys() & asked})
        if product and product not in products and not size.nodes_on_demand:
            resource = joined(sorted(asked))
            findings.append(
                fault(
                    f"Size {name} is for the product {product}, which no node has that offers "
                    f"{resource}.",
                    f"Products of such nodes: {', '.join(products) or 'none'}. Write one of them, "
                    "or leave product out.",
                )
            )
    return findings


def judge_shares(sizes: Sizes, nodes: Sequence[GPUNode]) -> list[Finding]:
    """Judge `shares` of sizes by the replicas of the nodes on which they run."""
    findings = [
        finding
        for name, size in sizes.items()
        if isinstance(size.gpu, MPS | TimeSlice)
        for finding in _shares_of(name, size.gpu, nodes)
    ]
    return findings or [good("No size that is charged for a share finds a GPU that is shared.")]


def _shares_of(name: str, gpu: MPS | TimeSlice, nodes: Iterable[GPUNode]) -> list[Finding]:
    fit = [
        node
        for node in nodes
        if node.strategy == _STRATEGIES[gpu.mode] and gpu.product in {None, node.product}
    ]
    others = [f"{e.name} ({e.replicas})" for e in fit if e.replicas not in {None, gpu.shares}]
    unread = [each.name for each in fit if each.replicas is None]
    findings = []
    if others:
        findings.append(
            fault(
                f"Size {name} is charged as one of {gpu.shares} shares of a GPU, but GPUs are cut "
                f"into others: {first_of(others, _MOST_NAMES)}.",
                "Make shares of the size and replicas of the device plugin's configuration the "
                "same, or tell such nodes apart by product or node_selector.",
            )
        )
    if unread:
        findings.append(
            unknown(
                f"Into how many shares GPUs are cut is not known: {first_of(unread, _MOST_NAMES)} "
                f"have no label {REPLICAS_LABEL}.",
                _DISCOVERY,
            )
        )
    if fit and not findings:
        shares = f"one of {gpu.shares} shares on {counted(len(fit), 'node')}"
        findings.append(good(f"Size {name} is {shares}, as the catalogue says."))
    return findings


def _product(size: Size) -> str:
    return (size.gpu.product or "") if isinstance(size.gpu, OfProduct) else ""


def _listed(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {resource}" for resource, count in sorted(amounts.items()))
