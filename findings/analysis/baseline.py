"""What a baseline of SCPs denies in every account (RULES GR106), as questions to the account's SCPs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from findings.analysis import ceiling
from findings.policy.request import Context

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

LEAVING = ("organizations:LeaveOrganization",)
TRAILS = ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail")
RECORDING = ("config:StopConfigurationRecorder",)
EDITS = ("iam:DeletePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
REMOVALS = (("iam:DeleteRolePermissionsBoundary", "role"), ("iam:DeleteUserPermissionsBoundary", "user"))
OF_ROOT = ("ec2:RunInstances", "iam:CreateAccessKey", "s3:PutObject")  # of three services: a deny of root names all
REGIONAL = ("ec2:RunInstances", "lambda:CreateFunction", "s3:CreateBucket")
# Regions that no list of a baseline is likely to hold: the newest of AWS's, opted into by few.
ELSEWHERE = ("ap-southeast-7", "me-central-1", "mx-central-1", "af-south-1")
ACTIONS = (*LEAVING, *TRAILS, *RECORDING, *EDITS, *(action for action, _ in REMOVALS), *OF_ROOT, *REGIONAL)
REGION = "aws:requestedregion"


@dataclass(frozen=True, slots=True)
class Part:
    """asked: actions with the resource that they would be tried on. contexts: each is asked by itself."""

    name: str
    words: str
    asked: tuple[tuple[str, str], ...]
    root: bool = False
    contexts: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def gap(self, facts: Facts) -> ceiling.Gap:
        return self.gap_of(ceiling.own(facts))

    def gap_of(self, bound: ceiling.Bound) -> ceiling.Gap:
        contexts: list[Context] = [{key: values} for key, values in self.contexts] or [{}]
        found = [ceiling.gap_of(bound, self.asked, root=self.root, context=context) for context in contexts]
        return next((one for one in found if one.open), next((one for one in found if one.unsure), found[0]))


def parts(facts: Facts) -> Iterator[Part]:
    """Those that concern the account."""
    yield Part("organization", "leaving the organization", _on_all(LEAVING))
    yield Part("trail", "stopping or deleting trails", _on_all(TRAILS))
    yield Part("config", "stopping AWS Config", _on_all(RECORDING))
    if protected := tuple(_boundaries(facts)):
        yield Part("boundary", "editing or removing permissions boundaries", protected)
    yield Part("root", "what the root user does", _on_all(OF_ROOT), root=True)
    if allowed := facts.settings.allowed_regions:
        other = next((region for region in ELSEWHERE if region not in allowed), "")
        if other:
            words = f"regions outside of {', '.join(sorted(allowed))}"
            yield Part("regions", words, _on_all(REGIONAL), contexts=((REGION, (other,)),))


def _on_all(actions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((action, "*") for action in actions)


def _boundaries(facts: Facts) -> Iterator[tuple[str, str]]:
    """The account's own boundaries, and removing them from those who carry one. AWS's own cannot be edited."""
    carriers = [one for one in (*facts.snapshot.roles, *facts.snapshot.users) if one.boundary]
    own = sorted({arn for one in carriers if (arn := one.boundary) and f":{facts.snapshot.account_id}:" in arn})
    yield from ((action, arn) for arn in own[:1] for action in EDITS)
    for action, kind in REMOVALS:
        found = sorted(one.arn for one in carriers if f":{kind}/" in one.arn)
        yield from ((action, arn) for arn in found[:1])
