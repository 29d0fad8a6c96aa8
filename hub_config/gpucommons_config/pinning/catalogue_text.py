"""The text of a catalogue with other images in it, and nothing else changed.

The text is cut where the YAML parser says that a value begins and ends. So comments, order,
quotes, line ends and all else stay as their author wrote them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from gpucommons_contract.formats.yaml_files import Document, parse_documents
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.problems import problem_at
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gpucommons_config.pinning.targets import Target

Span = tuple[int, int]
"""Where characters begin and end, from 0."""

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag, which a value may have in front."""
_ONE_LINE = "cannot be replaced as it is written; write the name in quotes, behind its key"
_SHARED = (
    "is used elsewhere too, by an alias of YAML (*), and would change there; write it out in "
    "each place"
)


def with_images(text: str, tree: Document, images: Mapping[Target, str]) -> str:
    """Return the text with these images instead. tree is what the text was read to.

    Raises CatalogueError where one cannot be replaced without a change of something else.
    """
    root = _composed(text)
    places: defaultdict[Span, dict[Target, str]] = defaultdict(dict)
    for target, image in images.items():
        span = _span(text, _node(root, target))
        if span is None:
            raise _unchangeable(tree, target, _ONE_LINE)
        places[span][target] = image
    new = _cut(text, places.items())
    if _means(new, tree, images):
        return new
    for span, there in places.items():  # several, where YAML's aliases make one of them
        if not _means(_cut(text, [(span, there)]), tree, there):
            raise _unchangeable(tree, next(iter(there)), _SHARED)
    raise _unchangeable(tree, next(iter(images)), _SHARED)


def _cut(text: str, places: Iterable[tuple[Span, Mapping[Target, str]]]) -> str:
    for (begin, end), images in sorted(places, key=itemgetter(0), reverse=True):
        text = f"{text[:begin]}{next(iter(images.values()))}{text[end:]}"
    return text


def _unchangeable(tree: Document, target: Target, why: str) -> CatalogueError:
    return CatalogueError(tree.file, [problem_at(tree, target.keys, why)])


def _composed(text: str) -> Node:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    root: Node = yaml.compose(text)
    return root


def _node(root: Node, target: Target) -> Node:
    node = root
    for key in target.keys:
        node = next(_values(node, key))
    return node


def _values(node: Node, key: str) -> Iterator[Node]:
    """Yield what a mapping has under a key: its own before what is merged into it with <<."""
    assert isinstance(node, MappingNode)
    yield from (value for name, value in node.value if name.value == key)
    for name, value in node.value:
        if name.value == "<<" and name.style is None:
            for each in value.value if isinstance(value, SequenceNode) else [value]:
                yield from _values(each, key)


def _span(text: str, node: Node) -> tuple[int, int] | None:
    """Find where the characters of a value begin and end, within its quotes if it has any."""
    assert isinstance(node, ScalarNode)
    begin, end = node.start_mark.index, node.end_mark.index
    if properties := _PROPERTIES.match(text, begin, end):
        begin = properties.end()
    written = text[begin:end]
    if node.style in {'"', "'"}:
        is_whole = len(written) > 1 and written[0] == written[-1] == node.style
        return (begin + 1, end - 1) if is_whole else None
    return (begin, end) if node.style is None and written == node.value else None


def _means(text: str, tree: Document, images: Mapping[Target, str]) -> bool:
    """Return whether a text says what the tree does, but for these images."""
    wanted = {target.keys: image for target, image in images.items()}
    documents = parse_documents(text, tree.file)
    return [each.value for each in documents] == [_replaced(tree.value, wanted, ())]


def _replaced(value: Any, wanted: Mapping[tuple[str, ...], str], keys: tuple[str, ...]) -> object:  # noqa: ANN401 -- YAML
    if isinstance(value, dict):
        return {key: _replaced(each, wanted, (*keys, str(key))) for key, each in value.items()}
    return wanted.get(keys, value)
