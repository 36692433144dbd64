"""What a proposal could break: what the evidence does not cover, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.holdings import Held
from findings.analysis.right_sizing.keep import Keeping
from findings.analysis.usage import ADVISOR, CLOUDTRAIL
from findings.analysis.used import Window
from findings.policy.catalogue import Catalogue
from findings.policy.minimise import writing_patterns
from findings.policy.render import Change
from findings.policy.written import ATTACHMENTS, ATTACHMENTS_AT_MOST

CALLS_KMS = frozenset(
    {"s3", "ec2", "secretsmanager", "sqs", "sns", "dynamodb", "rds", "logs", "ssm", "lambda", "kinesis"}
)
TOLD = 8


def risks(
    principal: Role | User,
    held: tuple[Held, ...],
    change: Change,
    keeping: Keeping,
    window: Window,
) -> Iterator[str]:
    use, start, catalogue = window.known, window.since, window.catalogue
    if principal.created_at > start:
        made = f"{principal.name} was made on {principal.created_at:%Y-%m-%d}, within the window"
        yield f"{made}: it may not have done all it is for."
    elif use.since > start:
        yield f"Use was watched since {use.since:%Y-%m-%d} only, which is less than the window."
    yield from _attached(change)
    yield from _by_call(keeping, window)
    if keeping.given_up:
        listed = ", ".join(list(keeping.given_up)[:TOLD])
        yield f"You gave up what nobody can say is unused: {_cut(listed, len(keeping.given_up))}."
    known = [s for s in keeping.unused if s not in keeping.given_up]
    before = [(use.last(s), s) for s in known if use.last(s)]
    if before:
        listed = ", ".join(f"{s} ({at:%Y-%m-%d})" for at, s in sorted(before, reverse=True)[:TOLD] if at)
        yield f"Used before the window, so perhaps by a quarterly or yearly job: {_cut(listed, len(before))}."
    never = sorted(s for s in known if use.last(s) is None)
    if never:
        listed = ", ".join(never[:TOLD])
        yield f"Never used since {use.since:%Y-%m-%d}, yet disaster recovery may need it: {_cut(listed, len(never))}."
    if "kms" in keeping.unused and (callers := sorted(CALLS_KMS & set(keeping.used))):
        said = f"AWS does not say whether {ADVISOR} counts calls to KMS that {', '.join(callers)} make for it"
        yield f"{said}: look at the keys that encrypt what it uses."
    yield from _of_writing(held, catalogue)
    if any(seen.source == ADVISOR for service in use.services for seen in use.sightings(service)):
        yield f"{ADVISOR} counts denied attempts as use, and in some regions it has not tracked for as long as 400 days."


def _by_call(keeping: Keeping, window: Window) -> Iterator[str]:
    """What a trail does not see, where its silence takes something away."""
    since = window.known.actions_since
    if since is None or not (keeping.by_call or window.known.resources):
        return
    if gone := (keeping.by_call & ~window.untried).bit_count():
        yield (
            f"{gone:,} changing action{'s' if gone > 1 else ''} of services in use {'go' if gone > 1 else 'goes'} because "
            f"{CLOUDTRAIL} shows no call since {since:%Y-%m-%d}. It sees calls of AWS's API only: not what AWS checks besides "
            "the call's own action, and not what the trail leaves out, such as other regions or excluded event sources."
        )
    if window.known.resources:
        yield (
            f"What was granted on everything stays on what calls named since {window.since:%Y-%m-%d}: what is used more "
            "seldom, or made later under another name, is refused."
        )
    if window.data:
        yield f"It believes you that the trail records all data events of {', '.join(sorted(window.data))}."


def _attached(change: Change) -> Iterator[str]:
    """New ones are attached before old ones are detached, and a policy too many makes AWS refuse."""
    new, old = len(change.new), len(change.old.managed)
    quota = f"a {change.kind} takes {ATTACHMENTS} unless your quota was raised (to {ATTACHMENTS_AT_MOST} at most)"
    if new > ATTACHMENTS:
        yield f"It comes to {new} managed policies: {quota}."
    elif new + old > ATTACHMENTS:
        yield (
            f"While old and new are both attached, it has {new + old} managed policies: {quota}. "
            "Detach an old one first, or raise the quota for the change."
        )


def _of_writing(held: tuple[Held, ...], catalogue: Catalogue) -> Iterator[str]:
    """What the new form of the policies changes by itself."""
    allows = [c.statement for one in held for c in one.compiled.clauses if c.statement.allows]
    wild = writing_patterns((p for s in allows for p in s.actions or ()), catalogue)
    if wild or any(s.not_actions is not None for s in allows):
        listed = ", ".join(dict.fromkeys(wild)) or "NotAction"
        yield f"Actions that AWS adds later, or that our catalogue does not know yet, are no longer covered by {listed[:200]}."
    if aws := [one.title for one in held if one.kind == "AWS-managed"]:
        yield f"AWS's own changes to {', '.join(aws)} will not reach it any more."
    if groups := sorted({one.named.via.removeprefix("group ") for one in held if one.named.via}):
        yield f"It leaves the groups {', '.join(groups)}; what they are given later does not reach it."


def _cut(listed: str, total: int) -> str:
    return f"{listed} and {total - TOLD} more" if total > TOLD else listed
