"""YAML: where its keys and scalars stand, as the parser marks them.

>>> [(p.keys, p.role) for p in places("a: [b, {c: d}]")]
[(('a',), 'key'), (('a',), 'value'), (('a', 'c'), 'key'), (('a', 'c'), 'value')]
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable


def places(text: str) -> list[Place]:
    """Return the places of all keys and scalars of all documents, in order."""
    try:
        found = [
            p for node in yaml.compose_all(text, yaml.SafeLoader) for p in _of(node, (), set())
        ]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(" ".join(str(error).split())) from None
    return sorted(found, key=lambda place: place.start)


def _of(node: yaml.Node | None, keys: tuple[str, ...], seen: set[int]) -> Iterator[Place]:
    if node is None or id(node) in seen:  # an alias leads to what was read at its anchor
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield _scalar(node, keys)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _of(item, keys, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if isinstance(key, yaml.ScalarNode):
                yield _scalar(key, (*keys, name), "key")
            yield from _of(value, (*keys, name), seen)


def _scalar(node: yaml.ScalarNode, keys: tuple[str, ...], role: str = "value") -> Place:
    width = 1 if node.style in ("'", '"') else 0
    start, end = node.start_mark.index + width, node.end_mark.index - width
    return Place(keys, start, end, "key" if role == "key" else "value")
