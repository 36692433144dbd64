"""CloudFormation's intrinsic functions, as far as they can be told without AWS. What cannot becomes `Later`, and is named as
the template writes it. Source: CloudFormation's template reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from findings.analysis.planned.changes import Later, PlanError, hole

VARIABLE = re.compile(r"\$\{(!?)([^${}]{1,512})\}")
DYNAMIC = "{{resolve:"
UNTOLD = "is known only when the stack is made"
NOTHING = object()  # AWS::NoValue: the property is not there
Row = Mapping[str, Any]


class Resolver:
    """known: parameters and pseudo parameters that have a value. own: what Ref gives for a resource, None when only AWS tells;
    attribute: the same for Fn::GetAtt. unresolved: sentences about all that could not be told."""

    def __init__(
        self,
        template: Row,
        known: Mapping[str, Any],
        own: Callable[[str], str | None],
        attribute: Callable[[str, str], str | None],
    ) -> None:
        self.known = known
        self.own = own
        self.attribute = attribute
        self.unresolved: list[str] = []
        self._mappings = _object(template.get("Mappings"))
        self._conditions = _object(template.get("Conditions"))
        self._asked: list[str] = []
        self._answers: dict[str, bool | None] = {}

    def value(self, raw: Any, at: str) -> Any:
        """The value with all intrinsics replaced; Later where it hangs on what only AWS can tell."""
        if isinstance(raw, list):
            return [one for one in (self.value(one, at) for one in raw) if one is not NOTHING]
        if isinstance(raw, str) and DYNAMIC in raw:
            return self._later(at, raw)
        if not isinstance(raw, Mapping):
            return raw
        if len(raw) == 1:
            name, argument = next(iter(raw.items()))
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._intrinsic(str(name), argument, at)
        found = {key: self.value(one, at) for key, one in raw.items()}
        return {key: one for key, one in found.items() if one is not NOTHING}

    def _intrinsic(self, name: str, argument: Any, at: str) -> Any:
        solvers: dict[str, Callable[[Any, str], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
        }
        found = solvers[name](argument, at) if name in solvers else None
        return self._later(at, written(name, argument)) if found is None else found

    def _later(self, at: str, what: str) -> Later:
        later = Later(f"{at}: {what[:200]}", UNTOLD)
        self.unresolved.append(f"{later}.")
        return later

    def _ref(self, argument: Any, at: str) -> Any:
        if argument == "AWS::NoValue":
            return NOTHING
        name = argument if isinstance(argument, str) else ""
        return self.known[name] if name in self.known else self.own(name)

    def _attribute(self, argument: Any, at: str) -> str | None:
        pair = argument.split(".", 1) if isinstance(argument, str) else argument
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
            return None
        return self.attribute(pair[0], pair[1])

    def _sub(self, argument: Any, at: str) -> str | None:
        text, own = (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str) or not isinstance(own, Mapping) or DYNAMIC in text:
            return None
        missing = False

        def put(match: re.Match[str]) -> str:
            nonlocal missing
            literal, name = match.groups()
            if literal:  # ${!Literal} is CloudFormation's way to write ${Literal}
                return f"${{{name}}}"
            if name in own:
                value = self.value(own[name], at)
            else:
                value = self._attribute(name, at) if "." in name else self._ref(name, at)
            missing = missing or not isinstance(value, str | int)
            return str(value)

        done = VARIABLE.sub(put, text)
        return None if missing else done

    def _join(self, argument: Any, at: str) -> str | None:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        pieces = self.value(argument[1], at)
        if not isinstance(pieces, list) or not all(isinstance(piece, str | int) for piece in pieces):
            return None
        return str(argument[0]).join(map(str, pieces))

    def _select(self, argument: Any, at: str) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):
            return None
        index, choices = self.value(argument[0], at), self.value(argument[1], at)
        if not str(index).isdecimal() or not isinstance(choices, list) or int(str(index)) >= len(choices):
            return None
        return choices[int(str(index))]

    def _split(self, argument: Any, at: str) -> list[str] | None:
        if (
            not (isinstance(argument, list) and len(argument) == 2)
            or not isinstance(argument[0], str)
            or not argument[0]
        ):
            return None
        text = self.value(argument[1], at)
        return text.split(argument[0]) if isinstance(text, str) else None

    def _find(self, argument: Any, at: str) -> Any:
        found: Any = self._mappings
        for key in self.value(argument, at)[:3] if isinstance(argument, list) and len(argument) >= 3 else (None,):
            found = found.get(key) if isinstance(found, Mapping) and isinstance(key, str) else None
        return found

    def _if(self, argument: Any, at: str) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3):
            return None
        chosen = self.condition(argument[0])
        return None if chosen is None else self.value(argument[1 if chosen else 2], at)

    def condition(self, name: Any) -> bool | None:
        """None: it hangs on what is not known. Raises PlanError when conditions go in a circle."""
        if not isinstance(name, str) or name not in self._conditions:
            return None
        if name in self._asked:
            raise PlanError(
                f"The conditions {', '.join(self._asked)} refer to each other in a circle; CloudFormation refuses that."
            )
        if name not in self._answers:
            self._asked.append(name)
            self._answers[name] = self._holds(self._conditions[name], name)
            self._asked.pop()
        return self._answers[name]

    def _holds(self, raw: Any, name: str) -> bool | None:
        key, argument = next(iter(raw.items())) if isinstance(raw, Mapping) and len(raw) == 1 else ("", None)
        if key == "Condition":
            return self.condition(argument)
        if not isinstance(argument, list):
            return None
        if key == "Fn::Equals" and len(argument) == 2:
            return self._equal(argument, name)
        each = [self._holds(one, name) for one in argument]
        if key == "Fn::Not" and len(each) == 1:
            return None if each[0] is None else not each[0]
        if key in ("Fn::And", "Fn::Or"):
            decides = key == "Fn::Or"
            return decides if decides in each else None if None in each else not decides
        return None

    def _equal(self, pair: list[Any], name: str) -> bool | None:
        said = len(self.unresolved)
        left, right = (self.value(one, f"condition {name}") for one in pair)
        del self.unresolved[said:]  # who asks for the condition says it
        return None if hole([left, right]) else str(left) == str(right)


def written(name: str, argument: Any) -> str:
    """ "!GetAtt Bucket.Arn": as a person would write it."""
    short = name.removeprefix("Fn::")
    if name == "Fn::GetAtt" and isinstance(argument, list):
        argument = ".".join(map(str, argument))
    if isinstance(argument, list) and argument and isinstance(argument[0], str):
        argument = f"{argument[0]} ..."
    return f"!{short} {argument}" if isinstance(argument, str) else f"!{short}"


def circle(template: Row) -> tuple[str, ...]:
    """Resources that refer to each other in a circle, the first that is found; () when none do."""
    resources = _object(template.get("Resources"))
    after = {
        name: [one for one in dict.fromkeys(_mentions(row)) if one in resources] for name, row in resources.items()
    }
    done: set[str] = set()
    for start in after:
        path = {} if start in done else {start: iter(after[start])}  # in order: a dict remembers it
        while path:
            last = next(reversed(path))
            following = next(path[last], None)
            if following is None:
                done.add(last)
                del path[last]
            elif following in path:
                return tuple(path)[list(path).index(following) :]
            elif following not in done:
                path[following] = iter(after[following])
    return ()


def _mentions(row: Any) -> Iterator[str]:
    """The logical ids that a resource refers to."""
    waiting = [row]
    if isinstance(row, Mapping):
        yield from _texts(row.get("DependsOn"))
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
            yield from _texts(value.get("Ref"))
            yield from (text.partition(".")[0] for text in list(_texts(value.get("Fn::GetAtt")))[:1])
            yield from _in_sub(value.get("Fn::Sub"))


def _in_sub(argument: Any) -> Iterator[str]:
    text, own = (argument[0], argument[1]) if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    for literal, name in VARIABLE.findall(text) if isinstance(text, str) else ():
        if not literal and not (isinstance(own, Mapping) and name in own):
            yield name.partition(".")[0]


def _texts(value: Any) -> Iterable[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _object(value: Any) -> Row:
    return value if isinstance(value, Mapping) else {}
