"""A question about access as a form asks it, and an answer in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from django.http import QueryDict

from collectors.records import clean
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
UNSEEN = {"scp": "SCPs", "rcp": "RCPs"}


@dataclass(frozen=True)
class Asked:
    """fault: what is wrong with the question, in a sentence; "" when it can be answered. blank: nothing was asked yet."""

    action: str
    resource: str
    context: str
    fault: str = ""

    @property
    def blank(self) -> bool:
        return not self.action and self.resource == "*"

    @property
    def answerable(self) -> bool:
        return not self.blank and not self.fault

    @property
    def given(self) -> Context:
        return _context(self.context)

    @property
    def doubt(self) -> str:
        """Why the answer may be beside the point, though it is right; "" mostly."""
        wanted = catalogue().match(self.action)
        if self.resource == "*" or wanted & catalogue().may_touch(self.resource):
            return ""
        kinds = ", ".join(catalogue().templates(self.action)[:3])
        return f"{self.action} takes {kinds or 'no resource'}: it is not done on a resource of this form."


def read(get: QueryDict) -> Asked:
    """action, resource and context (a line each: key=value; key= says that it is absent) of a query string."""
    action, resource = get.get("action", "").strip(), get.get("resource", "").strip() or "*"
    context = get.get("context", "").replace("\r", "")[: LONGEST * 2]
    blank = not action and resource == "*"
    return Asked(clean(action), clean(resource), clean(context), "" if blank else _fault(action, resource, context))


def _fault(action: str, resource: str, context: str) -> str:
    return _fault_of_action(action) or _fault_of_resource(resource) or _fault_of_context(context)


def _fault_of_action(action: str) -> str:
    if "*" in action or "?" in action:
        return "Ask about one action: its name without * and ?."
    if not ACTION.fullmatch(action):
        return f"{clean(action[:80])!r} is no action: write service:Action, as in s3:GetObject."
    if catalogue().match(action):
        return ""
    service = catalogue().services.get(action.partition(":")[0].lower(), 0)
    close = get_close_matches(action, catalogue().members(service), 3)
    hint = f" Did you mean {', '.join(close)}?" if close else ""
    return f"No action {action[:80]!r} is known to the catalogue of {catalogue().version}.{hint}"


def _fault_of_resource(resource: str) -> str:
    """As long as an ARN, with all six parts; services write no wildcards in the names of what is there."""
    if resource == "*":
        return ""
    parts = resource.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6 or not all((parts[1], parts[2], parts[5])) or clean(resource) != resource:
        return (
            f"{clean(resource[:80])!r} is no ARN: it has six parts, as in arn:aws:s3:::bucket/key. "
            "Leave it empty for an action that takes no resource."
        )
    if len(resource) > LONGEST:
        return f"An ARN has at most {LONGEST:,} characters."
    return "Ask about one resource: an ARN without * in it." if "*" in resource else ""


def _fault_of_context(context: str) -> str:
    lines = [line for line in context.split("\n") if line.strip()]
    if len(lines) > LINES:
        return f"Give at most {LINES} condition keys."
    bad = next((line for line in lines if not line.partition("=")[0].strip() or "=" not in line), None)
    return "" if bad is None else f"{clean(bad[:80])!r} is no key=value."


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
    """verdict: allowed, denied, conditional. said: the rest of the sentence. by: the statements that decide, in words. keys: what
    a conditional answer hangs on."""

    verdict: str
    said: str
    by: tuple[str, ...]
    keys: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        return {"allowed": "allowed", "conditional": "conditional", "denied": "denied"}[self.verdict]


def answer(decision: Decision, keys: tuple[str, ...] = (), *, sure: bool = True) -> Answer:
    """sure, keys: of what must be allowed besides, on the way."""
    verdict = decision.verdict if sure or decision.verdict == "denied" else "conditional"
    asked = tuple(dict.fromkeys((*keys, *decision.keys))) if verdict == "conditional" else ()
    said = "; ".join(_parts(decision, asked))
    return Answer(verdict, said, tuple(dict.fromkeys(map(by_words, decision.by))), asked)


def _parts(decision: Decision, keys: tuple[str, ...]) -> Iterator[str]:
    if keys:
        yield f"it hangs on {', '.join(keys)}"
    if decision.kind == "explicit":
        yield "a statement denies it"
    elif decision.kind == "implicit":
        yield "nothing that it needs allows it"
    if decision.unseen:
        yield f"not visible: {', '.join(UNSEEN.get(what, what) for what in decision.unseen)}"


def by_words(by: By) -> str:
    """ "statement 2 (KeepTrails) of the service control policy baseline at prod (ou-1)"."""
    what = LAYERS.get(by.layer, str(by.layer))
    where = f" at {by.level}" if by.level else ""
    if not by.policy:
        return (
            f"no {what}{where} allows it"
            if by.layer is not Layer.BOUNDARY
            else "its permissions boundary does not allow it"
        )
    name = by.policy.partition(":policy/")[2] or by.policy.removeprefix("inline:")
    sid = f" ({by.sid})" if by.sid else ""
    if by.statement:
        return f"statement {by.statement}{sid} of the {what} {name}{where}"
    return f"the {what} {name}{where}, which does not allow it"
