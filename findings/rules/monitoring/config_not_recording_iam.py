"""
## What it does
Asks whether AWS Config records the account's roles, users, groups and customer-managed policies. Opens as one of these parts:

- `recorder`: no region has a recorder that is on;
- `types`: a recorder is on, and none records all four types. They are *not* a part of "all resource types" by themselves:
  they come with `includeGlobalResourceTypes`, or by name;
- `role`: they are recorded, but by a recorder with a role of its own in place of the service-linked one.

One region that records IAM is enough, whichever it is: IAM is global, and to record it in a second region only costs twice. A
recorder that records IAM once a day is clear; which types that are, is said.

## Why it matters
Config keeps what each role and policy was, and from when on. Without it, whoever asks in half a year what a role could do on the
day of an incident has only the events of a trail to piece it together from. Config's rules judge nothing either (MO108).
A role of one's own loses rights by a change that nobody connects with Config, and then records less without saying so.

## How to fix
Turn recording on in one region with IAM's types in it, and with the service-linked role:

    aws iam create-service-linked-role --aws-service-name config.amazonaws.com
    ROLE=$(aws iam get-role --role-name AWSServiceRoleForConfig --query Role.Arn --output text)
    aws configservice put-configuration-recorder --recording-group allSupported=true,includeGlobalResourceTypes=true \\
      --configuration-recorder name=default,roleARN=$ROLE
    aws configservice put-delivery-channel --delivery-channel name=default,s3BucketName=BUCKET
    aws configservice start-configuration-recorder --configuration-recorder-name default

For an organization a StackSet with automatic deployment, which the place in `fix_at` stands for, does it in every account that
is there or will be; leave `includeGlobalResourceTypes` off in all regions but one. A StackSet does not reach the management
account: that one needs a stack of its own.

## What it cannot know
Regions without a recorder are named in the evidence (`regions_without`) and not judged: of IAM nothing is lost there. Regions
that a service control policy closes to the collector are left out. Whether the files reach a bucket that somebody keeps: what
AWS says of a delivery that failed stands in the evidence. Recorders that other AWS services keep for themselves are not told to
anybody else.

## References
- [Recording global resource types](https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html)
- [Service-linked role of AWS Config](https://docs.aws.amazon.com/config/latest/developerguide/using-service-linked-roles.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import IAM_TYPES
from findings.analysis.config_recording import RECORDERS, STATUS, Recording, described, recording
from findings.analysis.facts import AccountSubject, Facts
from findings.analysis.fix_place import root_place
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Json, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

RULE = Rule(
    code="MO107",
    slug="config-not-recording-iam",
    severity=Severity.HIGH,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.SMALL,
    helps=(RECORDERS, STATUS, "config:DescribeDeliveryChannelStatus"),
    controls={
        "Prowler": ("config_recorder_all_regions_enabled", "config_recorder_using_aws_service_role"),
        "CIS AWS v3": ("3.3",),
        "CIS AWS v5": ("3.3",),
        "CIS AWS v7": ("4.3",),
        "Security Hub": ("Config.1",),
    },
    title="AWS Config does not record IAM",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    found = recording(facts)
    if found.whole and found.linked:
        rarely = f", {few(found.daily)} once a day" if found.daily else ""
        yield Clear(f"IAM is recorded in {few([one.region or 'the home region' for one in found.of_iam])}{rarely}")
    elif found.unread:
        yield Unknown(found.unread)
    else:
        yield _opened(account, found, facts)


def _opened(account: AccountSubject, found: Recording, facts: Facts) -> Open:
    told: dict[str, Json] = {
        "recorders": [described(one) for one in (*found.working, *found.stopped)],
        "regions_without": list(found.bare),
        "fix_at": root_place(facts),
    }
    if failed := [f"{one.region}: {one.delivery_error}" for one in found.working if one.delivery_error]:
        told["delivery_failed"] = failed
    if found.daily:
        told["daily"] = list(found.daily)
    if not found.working:
        why = "its recorders are stopped" if found.stopped else "it has no recorder"
        if found.stopped:
            told["stopped_at"] = max((f"{one.stopped_at:%F}" for one in found.stopped if one.stopped_at), default="")
        return Open(f"AWS Config records nothing in {account.name}: {why}", told, part="recorder")
    if missing := [kind for kind in IAM_TYPES if kind not in found.types]:
        told["missing"] = missing
        return Open(f"AWS Config in {account.name} does not record {few(missing)}", told, part="types")
    told["roles"] = sorted({one.role_arn for one in found.of_iam})
    return Open(f"AWS Config in {account.name} records IAM with a role of its own", told, part="role")
