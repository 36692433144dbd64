"""How high the SCPs of an account let anybody climb, asked as somebody who has every permission: what a baseline denies is
found by evaluation, whatever its policies are called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from findings.analysis.guardrails import SCP, GuardrailLevel, document_of
from findings.policy.compiled import Compiled, masks
from findings.policy.document import Document, Unreadable, read
from findings.policy.evaluate import By, Layer, Named, Policies, evaluate
from findings.policy.layers import Level
from findings.policy.request import Caller, CallerKind, Context, Request

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ANYBODY = "iamdash-any-role"  # no role of that name is spared by a policy


@dataclass(frozen=True, slots=True)
class Gap:
    """Of some actions: open, which an SCP leaves to any role; unsure, which hang on keys. by: what denies the others."""

    open: tuple[str, ...]
    unsure: tuple[str, ...]
    keys: tuple[str, ...]
    by: tuple[By, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """An account and its SCPs; None: not visible. organization: as Caller has it."""

    account: str
    partition: str
    organization: str | None
    scp: tuple[Level, ...] | None


def own(facts: Facts) -> Bound:
    s = facts.snapshot
    return Bound(s.account_id, s.partition, facts.guardrails.organization_id, facts.permissions.service_control)


def gap(facts: Facts, asked: Iterable[tuple[str, str]], *, root: bool = False, context: Context | None = None) -> Gap:
    """asked: actions with the resource that they would be tried on."""
    return gap_of(own(facts), asked, root=root, context=context)


def gap_of(
    bound: Bound, asked: Iterable[tuple[str, str]], *, root: bool = False, context: Context | None = None
) -> Gap:
    open_: list[str] = []
    unsure: list[str] = []
    keys: list[str] = []
    by: list[By] = []
    for action, resource in asked:
        request = Request(anybody(bound, root), action, resource, context or {})
        found = evaluate(request, Policies(identity=(_everything(),), scp=bound.scp))
        if found.verdict == "allowed":
            open_.append(action)
        elif found.verdict == "conditional":
            unsure.append(action)
            keys += found.keys
        else:
            by += found.by
    return Gap(tuple(open_), tuple(unsure), tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(by)))


def anybody(bound: Bound, root: bool = False) -> Caller:
    kind, name = (CallerKind.ROOT, "root") if root else (CallerKind.ROLE, f"role/{ANYBODY}")
    arn = f"arn:{bound.partition}:iam::{bound.account}:{name}"
    return Caller(kind, arn, bound.account, name=ANYBODY, tags={}, organization=bound.organization)


@cache
def _everything() -> Named:
    document = read(EVERYTHING)
    assert isinstance(document, Document)
    return Named(Layer.IDENTITY, "inline:everything", document)


def limiting(facts: Facts) -> tuple[str, ...] | None:
    """What of the SCPs takes anything away, "deny-outside-europe at prod (ou-1)", as far as they can be read (`unread` has the
    others); None: SCPs are not visible."""
    levels = facts.guardrails.scp
    return None if levels is None else tuple(name for level in levels for name in takes(facts, SCP, level))


def unread(facts: Facts) -> tuple[str, ...]:
    """SCPs whose document could not be read: what they deny is unknown."""
    return tuple(name for level in facts.guardrails.scp or () for name in unread_at(facts, level))


def takes(facts: Facts, kind: str, level: GuardrailLevel) -> Iterator[str]:
    """What of one level takes anything away. An RCP only denies: RCPFullAWSAccess stands beside it (AWS.md 17)."""
    compile_, whole = facts.permissions.library.compile, facts.permissions.catalogue.all
    documents = [(p, document_of(facts, p)) for p in level.policies]
    some = [(p.name, compile_(p.document, read)) for p, read in documents if isinstance(read, Document)]
    lists = kind == SCP and len(some) == len(documents) and masks(one for _, one in some).allow_sure != whole
    if kind == SCP and not documents:
        yield f"nothing attached, which allows nothing, at {level.name}"
    yield from (f"{name} at {level.name}" for name, one in some if _denies(one) or (lists and one.allow_sure != whole))


def denies(facts: Facts, level: GuardrailLevel, actions: Iterable[str]) -> bool:
    """Whether a policy of the level denies any of the actions to somebody, on something."""
    compile_, asked = facts.permissions.library.compile, facts.permissions.catalogue.mask(actions)
    read_ = ((p, document_of(facts, p)) for p in level.policies)
    return any(compile_(p.document, one).deny & asked for p, one in read_ if isinstance(one, Document))


def _denies(compiled: Compiled) -> bool:
    """Also what is no action that we know: AWS has more of them than any list."""
    return any(clause.may or clause.mask == 0 for clause in compiled.clauses if not clause.statement.allows)


def unread_at(facts: Facts, level: GuardrailLevel) -> tuple[str, ...]:
    return tuple(p.name for p in level.policies if isinstance(document_of(facts, p), Unreadable))
