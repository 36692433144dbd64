"""How high the SCPs of an account let anybody climb, asked as somebody who has every permission: what a baseline denies is
found by evaluation, whatever its policies are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from findings.policy.compiled import masks
from findings.policy.document import Document, Unreadable, read
from findings.policy.evaluate import By, Decision, Layer, Named, Policies, evaluate
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


def gap(facts: Facts, asked: Iterable[tuple[str, str]], *, root: bool = False, context: Context | None = None) -> Gap:
    """asked: actions with the resource that they would be tried on."""
    open_: list[str] = []
    unsure: list[str] = []
    keys: list[str] = []
    by: list[By] = []
    for action, resource in asked:
        found = _asked(facts, action, resource, root, context or {})
        if found.verdict == "allowed":
            open_.append(action)
        elif found.verdict == "conditional":
            unsure.append(action)
            keys += found.keys
        else:
            by += found.by
    return Gap(tuple(open_), tuple(unsure), tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(by)))


def _asked(facts: Facts, action: str, resource: str, root: bool, context: Context) -> Decision:
    account, partition = facts.snapshot.account_id, facts.snapshot.partition
    kind, name = (CallerKind.ROOT, "root") if root else (CallerKind.ROLE, f"role/{ANYBODY}")
    arn = f"arn:{partition}:iam::{account}:{name}"
    caller = Caller(kind, arn, account, name=ANYBODY, tags={}, organization=facts.guardrails.organization_id)
    policies = Policies(identity=(_everything(),), scp=facts.permissions.service_control)
    return evaluate(Request(caller, action, resource, context), policies)


def _everything() -> Named:
    document = read(EVERYTHING)
    assert isinstance(document, Document)
    return Named(Layer.IDENTITY, "inline:everything", document)


def limiting(facts: Facts) -> tuple[str, ...] | None:
    """The names of the SCPs that take anything away, "deny-outside-europe at prod (ou-1)", of those that can be read (`unread`
    has the others); None: SCPs are not visible."""
    levels = facts.permissions.library.levels
    if levels is None:
        return None
    whole = facts.permissions.catalogue.all
    found = []
    for level in levels:
        allowed = masks(held.compiled for held in level).allow_sure
        for held in level:
            taken = held.compiled.deny or (allowed != whole and held.compiled.allow != whole)
            if taken and not isinstance(held.named.document, Unreadable):
                found.append(f"{held.named.name} at {held.named.level}")
    return tuple(found)


def unread(facts: Facts) -> tuple[str, ...]:
    """SCPs whose document could not be read: what they deny is unknown."""
    levels = facts.permissions.library.levels or ()
    return tuple(held.named.name for level in levels for held in level if isinstance(held.named.document, Unreadable))
