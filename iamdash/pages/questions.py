"""A question about access as a form asks it, and an answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from findings.analysis.simulation import ACTION
from findings.policy.catalogue import catalogue
from findings.policy.evaluate import By, Decision, Layer
from findings.policy.request import Context

LONGEST = 2_048
LINES = 20
LAYERS = {
    Layer.IDENTITY: "identity policy",
    Layer.BOUNDARY: "permissions boundary",
    Layer.SESSION: "session policy",
    Layer.SCP: "service control policy",
    Layer.RCP: "resource control policy",
    Layer.RESOURCE: "resource policy",
    Layer.TRUST: "trust policy",
}


@dataclass(frozen=True)
class Asked:
    """fault: what is wrong with the question, in a sentence; "" when it can be answered. blank: nothing was asked yet."""

    action: str
    resource: str
    context: str
    fault: str = ""

    @property
    def blank(self) -> bool:
        return not self.action

    @property
    def given(self) -> Context:
        return _context(self.context)


def read(get: QueryDict) -> Asked:
    """action, resource and context (a line each: key=value; key= says that it is absent) of a query string."""
    action, resource = get.get("action", "").strip(), get.get("resource", "").strip() or "*"
    context = get.get("context", "").replace("\r", "")[: LONGEST * 2]
    return Asked(action, resource, context, _fault(action, resource, context) if action else "")


def _fault(action: str, resource: str, context: str) -> str:
    if not ACTION.fullmatch(action):
        return f"{action[:80]!r} is no action: write service:Action, as in s3:GetObject."
    if not catalogue().match(action):
        return f"No action {action[:80]!r} is known to the catalogue of {catalogue().version}."
    if resource != "*" and (not resource.startswith("arn:") or len(resource) > LONGEST):
        return f"{resource[:80]!r} is no ARN; leave it empty for an action that takes no resource."
    if "*" in resource and resource != "*":
        return "Ask about one resource: an ARN without * in it."
    bad = [line for line in context.split("\n") if line.strip() and "=" not in line]
    return f"{bad[0][:80]!r} is no key=value." if bad else ""


def _context(text: str) -> Mapping[str, tuple[str, ...] | None]:
    values: dict[str, tuple[str, ...] | None] = {}
    for line in text.split("\n")[:LINES]:
        key, equals, value = line.partition("=")
        key, value = key.strip().lower(), value.strip()
        if key and equals:
            values[key] = (*(values.get(key) or ()), value) if value else None
    return values


@dataclass(frozen=True)
class Answer:
    """verdict: allowed, denied, conditional. said: the rest of the sentence. by: the statements that decide, in words."""

    verdict: str
    said: str
    by: tuple[str, ...]

    @property
    def mark(self) -> str:
        return {"allowed": "high", "conditional": "medium", "denied": "resolved"}[self.verdict]


def answer(decision: Decision) -> Answer:
    return Answer(decision.verdict, _said(decision), tuple(dict.fromkeys(map(by_words, decision.by))))


def _said(decision: Decision) -> str:
    parts = list(_parts(decision))
    return "; ".join(parts)


def _parts(decision: Decision) -> Iterator[str]:
    if decision.verdict == "conditional" and decision.keys:
        yield f"it hangs on {', '.join(decision.keys)}"
    if decision.kind == "explicit":
        yield "a statement denies it"
    elif decision.kind == "implicit":
        yield "nothing that it needs allows it"
    if decision.unseen:
        yield f"not visible: {', '.join(decision.unseen)}"


def by_words(by: By) -> str:
    """ "statement 2 (KeepTrails) of the service control policy baseline at prod (ou-1)"."""
    what = LAYERS.get(by.layer, str(by.layer))
    where = f" at {by.level}" if by.level else ""
    if not by.policy:
        return f"no {what}{where} allows it"
    name = by.policy.partition(":policy/")[2] or by.policy.removeprefix("inline:")
    sid = f" ({by.sid})" if by.sid else ""
    statement = f"statement {by.statement}{sid} of " if by.statement else ""
    return f"{statement}the {what} {name}{where}"
