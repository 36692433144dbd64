"""A settings file, read without trusting it: entries and keys keep their lines, so that a fault is named where it stands. Pure.

No tags, aliases or merges: a file of settings needs none, and a few lines of them make a gigabyte.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

VERSION = 1
MOST_BYTES, MOST_ENTRIES, DEEPEST = 5_000_000, 50_000, 8
TOLD = 25  # faults of one file
PLAIN = {
    f"tag:yaml.org,2002:{one}" for one in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp")
}  # a date is text here


class ConfigError(Exception):
    """faults: sentences, each with its line."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class Entry:
    """One thing that a section says. lines: of its keys."""

    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """sections: those that the file has, also those it has nothing in."""

    sections: Mapping[str, tuple[Entry, ...]]


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
    """As YAML 1.2 reads words: `off` is the name of a setting, and an id that begins with zeros is no number."""

    yaml_implicit_resolvers = {
        first: [pair for pair in some if not pair[0].endswith((":bool", ":int", ":merge"))]
        for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ConfigError([f"line {self.peek_event().start_mark.line + 1}: aliases (*name) are not read."])
        return super().compose_node(parent, index)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z", re.ASCII), list("-0123456789")
)


def read(text: str, known: Iterable[str]) -> Document:
    """known: names of sections. Raises ConfigError."""
    root = _composed(text)
    if root is None or not isinstance(root, yaml.MappingNode):
        raise ConfigError([f"line 1: a file of settings begins with `version: {VERSION}`."])
    found = _mapping(root)
    _version(found)
    faults = [
        f"line {key.start_mark.line + 1}: {nearest(name, ('version', *known), 'section')}"
        for name, (key, _) in found.items()
        if name not in known and name != "version"
    ]
    if faults:
        raise ConfigError(faults)
    sections = {name: tuple(_entries(name, node)) for name, (_, node) in found.items() if name != "version"}
    if sum(map(len, sections.values())) > MOST_ENTRIES:
        raise ConfigError([f"line 1: more than {MOST_ENTRIES:,} entries are not read."])
    return Document(sections)


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """A sentence on a name that nobody knows."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    told = f"the nearest is {close[0]!r}" if close else f"there are {', '.join(known)}"
    return f"{name[:60]!r} is no {what}; {told}."


def _composed(text: str) -> Any:
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise ConfigError([f"line 1: the file has more than {MOST_BYTES // 1_000_000} MB."])
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError([f"{line}this is no YAML: {error.problem or error.context}."]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"this is no YAML: {' '.join(str(error).split())[:200]}."]) from None
    except RecursionError:
        raise ConfigError(["line 1: it is nested too deep."]) from None


def _mapping(node: Any) -> dict[str, tuple[Any, Any]]:
    """Key -> its node and that of its value."""
    found: dict[str, tuple[Any, Any]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            raise ConfigError([f"line {line}: a key must be a word."])
        if key.value in found:
            raise ConfigError([f"line {line}: {key.value[:60]!r} stands here twice."])
        found[key.value] = key, value
    return found


def _version(found: Mapping[str, tuple[Any, Any]]) -> None:
    if "version" not in found:
        raise ConfigError([f"line 1: the file does not say `version: {VERSION}`."])
    node = found["version"][1]
    if getattr(node, "value", None) != str(VERSION):
        raise ConfigError([f"line {node.start_mark.line + 1}: this iamdash reads version {VERSION} of the file."])


def _entries(name: str, node: Any) -> Iterable[Entry]:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.SequenceNode):
        raise ConfigError([f"line {line}: {name} must be a list; write [] for nothing."])
    for one in node.value:
        if not isinstance(one, yaml.MappingNode):
            raise ConfigError([f"line {one.start_mark.line + 1}: an entry of {name} must have keys and values."])
        found = _mapping(one)
        yield Entry(
            one.start_mark.line + 1,
            {key: _plain(value) for key, (_, value) in found.items()},
            {key: at.start_mark.line + 1 for key, (at, _) in found.items()},
        )


def _plain(node: Any, depth: int = 0) -> Any:
    """Python values of JSON's kinds."""
    line = node.start_mark.line + 1
    if node.tag not in PLAIN or depth > DEEPEST:
        raise ConfigError([f"line {line}: {node.tag[:60]} cannot stand here."])
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(value, depth + 1) for key, (_, value) in _mapping(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, depth + 1) for one in node.value]
    return _scalar(node)


def _scalar(node: Any) -> Any:
    if node.tag.endswith(":timestamp"):
        return node.value
    try:
        return _SCALARS.construct_object(node)
    except (ValueError, yaml.YAMLError):
        raise ConfigError([f"line {node.start_mark.line + 1}: {node.value[:60]!r} cannot be read."]) from None


_SCALARS = yaml.constructor.SafeConstructor()
