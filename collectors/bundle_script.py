"""The shell script that makes a bundle with the AWS CLI, written from what the sources ask: it cannot drift from them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, ClassVar

from collectors.aws.bundle import CLI_NAMES, PREPARES, file_name, selecting
from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS
from collectors.aws.shapes import cli_name
from collectors.records import State
from collectors.sources import Api, sources

# Requests that are made for each of something: API -> (parameters, CLI command that prints their values, one request a line).
EACH = {
    **dict.fromkeys(
        (
            "iam:ListAccessKeys",
            "iam:ListServiceSpecificCredentials",
            "iam:ListSSHPublicKeys",
            "iam:ListSigningCertificates",
            "iam:ListMFADevices",
        ),
        ("UserName", "aws iam list-users --query 'Users[].[UserName]' --output text"),
    ),
    "organizations:ListTagsForResource": (
        "ResourceId",
        "aws organizations list-accounts --query 'Accounts[].[Id]' --output text 2>.refusal",
    ),
    "organizations:ListDelegatedServicesForAccount": (
        "AccountId",
        "aws organizations list-delegated-administrators --query 'DelegatedAdministrators[].[Id]' --output text 2>.refusal",
    ),
    "sso-admin:ListPermissionSets": ("InstanceArn", "instances"),
    **dict.fromkeys(
        (
            "sso-admin:DescribePermissionSet",
            "sso-admin:ListManagedPoliciesInPermissionSet",
            "sso-admin:ListCustomerManagedPolicyReferencesInPermissionSet",
            "sso-admin:GetInlinePolicyForPermissionSet",
            "sso-admin:GetPermissionsBoundaryForPermissionSet",
            "sso-admin:ListAccountsForProvisionedPermissionSet",
        ),
        ("InstanceArn PermissionSetArn", "sets"),
    ),
    "sso-admin:ListAccountAssignments": ("InstanceArn PermissionSetArn AccountId", "assignable"),
    "identitystore:ListUsers": ("IdentityStoreId", "stores"),
    "identitystore:ListGroups": ("IdentityStoreId", "stores"),
    "identitystore:ListGroupMemberships": ("IdentityStoreId GroupId", "groups"),
    "s3control:GetPublicAccessBlock": ("AccountId", "print sts get-caller-identity --query Account"),
    **dict.fromkeys(("s3:GetBucketTagging", "s3:GetBucketPolicy"), ("Bucket", "buckets")),
    **dict.fromkeys(
        (
            "s3:GetPublicAccessBlock",
            "s3:GetBucketPolicyStatus",
            "s3:GetBucketAcl",
            "s3:GetBucketLogging",
            "s3:GetBucketVersioning",
            "s3:GetObjectLockConfiguration",
        ),
        ("Bucket", "trail_buckets"),
    ),
}
# The same of what lies in regions: the command prints the region first.
EACH_IN_REGIONS = {
    "cloudtrail:GetTrailStatus": ("Name", "trails"),
    "cloudtrail:GetEventSelectors": ("TrailName", "trails"),
    "cloudtrail:GetInsightSelectors": ("TrailName", "trails"),
    "sns:ListSubscriptionsByTopic": ("TopicArn", "topics"),
    "events:ListTargetsByRule": ("Rule", "event_rules"),
    "accessanalyzer:ListFindingsV2": (
        "analyzerArn",
        "in_regions accessanalyzer list-analyzers --query 'analyzers[].[arn]'",
    ),
    "accessanalyzer:ListFindings": (
        "analyzerArn",
        """in_regions accessanalyzer list-analyzers --query 'analyzers[?!contains(type, `"_"`)].[arn]'""",
    ),
}
HEAD = """\
#!/bin/sh
# Makes a bundle: sh make-bundle.sh FOLDER, with credentials that may read. Then: manage.py judge FOLDER
mkdir -p "$1" && cd "$1" || exit 1
umask 077
ask() { # prints AWS's answer, or its refusal as one
  aws "$@" --output json 2>.refusal || {
    tr -d '\\n\\r\\\\' <.refusal | sed 's/"/\\\\"/g; s/.*An error occurred (\\([A-Za-z.]*\\))[^:]*: *\\(.*\\)/\\1|\\2/; t
      s/^/CommandFailed|/' | sed 's/^\\([A-Za-z.]*\\)|\\(.*\\)$/{"Error": {"Code": "\\1", "Message": "\\2"}}/'; echo; }
}
print() { aws "$@" --output text 2>.refusal </dev/null; }
# What lies in regions is asked for in each that is enabled.
regions() {
  print account list-regions --region-opt-status-contains ENABLED ENABLED_BY_DEFAULT --query 'Regions[].[RegionName]'
}
in_regions() { regions | while read -r r; do print "$@" --region "$r" | sed "s|^|$r |"; done; }
trails() {
  regions | while read -r r; do
    print cloudtrail describe-trails --query 'trailList[].[HomeRegion,TrailARN]' --region "$r"
  done | sort -u
}
topics() {
  {
    in_regions cloudwatch describe-alarms --query 'MetricAlarms[].AlarmActions[].[@]'
    event_rules | while read -r r n; do
      print events list-targets-by-rule --rule "$n" --query 'Targets[].[Arn]' --region "$r" | sed "s|^|$r |"
    done
  } | grep ':sns:' | sort -u
}
event_rules() { # those that may match CloudTrail's events
  in_regions events list-rules --query 'Rules[?contains(EventPattern || `""`, `"CloudTrail"`) ||
    !contains(EventPattern || `"detail-type"`, `"detail-type"`)].[Name]'
}
buckets() { print s3api list-buckets --query 'Buckets[].[Name]'; }
trail_buckets() { # those that CloudTrail may deliver to
  buckets | while read -r b; do
    print s3api get-bucket-policy --query Policy --bucket "$b" | grep -qi 'cloudtrail.amazonaws.com' && echo "$b"
  done
}
# Identity Center, which lies in one region: that of AWS_REGION, or of the profile.
instances() { print sso-admin list-instances --query 'Instances[].[InstanceArn]'; }
stores() { print sso-admin list-instances --query 'Instances[].[IdentityStoreId]'; }
sets() {
  instances | while read -r i; do
    print sso-admin list-permission-sets --instance-arn "$i" --query 'PermissionSets[].[@]' | sed "s|^|$i |"
  done
}
assignable() {
  sets | while read -r i s; do
    print sso-admin list-accounts-for-provisioned-permission-set --instance-arn "$i" --permission-set-arn "$s" \\
      --query 'AccountIds[].[@]' | sed "s|^|$i $s |"
  done
}
groups() {
  stores | while read -r d; do
    print identitystore list-groups --identity-store-id "$d" --query 'Groups[].[GroupId]' | sed "s|^|$d |"
  done
}
"""
TAIL = "rm -f .refusal"
REGION = '"$r"'
IN_REGION = f" --region {REGION}"


class _Rehearsal(Aws):
    """Notes the first request of a fetch, and ends it there."""

    malformed: ClassVar[tuple[type[Exception], ...]] = (LookupError,)

    def __init__(self) -> None:
        self.asked: dict[str, Any] | None = None
        self.account_id = ""

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        if self.asked is None:
            self.asked = parameters | ({"region": region} if region else {})
        raise AwsError(api, State.ERROR, "Only rehearsed.")

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        yield self.ask(api, require=require, region=region, **parameters)

    def pause(self, seconds: float) -> None:
        """Nothing is waited for."""


def request(api: Api) -> dict[str, Any] | None:
    """The parameters with which the API is asked; None where they depend on the answers of others, but for the regions."""
    rehearsal = _Rehearsal()
    try:
        others = {name: {"region": [{}]} for name in api.after if api.regional}
        api.fetch(rehearsal, others | {REGIONS: ("region",)})
    except (AwsError, *rehearsal.malformed):
        return rehearsal.asked
    return rehearsal.asked


def script() -> str:
    apis = {api.name: api for source in sources().values() for api in source.apis}
    return "\n".join([HEAD + "\n".join(line for api in apis.values() for line in _lines(api)), TAIL, ""])


def _lines(api: Api) -> Iterator[str]:
    asked, (service, operation) = request(api), api.name.split(":")
    command = f"{CLI_NAMES.get(service, service)} {cli_name(operation)}"
    if api.name in EACH:
        yield from _each(api, command, *EACH[api.name])
    elif api.name in EACH_IN_REGIONS:
        yield from _each(api, command, *EACH_IN_REGIONS[api.name], regional=True)
    elif asked is not None and api.regional:
        yield "regions | while read -r r; do"
        yield f"  ask {command}{_options(asked)}{IN_REGION} </dev/null >{file_name(api.name, REGION)}"
        yield "done"
    elif asked is None:
        yield f"# {file_name(api.name, kind='jsonl')}: one line a request, as BUNDLE.md says, if you want it judged"
    elif api.name in PREPARES:
        yield "for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do"
        yield f"  ask {command} >{file_name(api.name)}"
        yield f"""  grep -q 'COMPLETE\\|"Error"' {file_name(api.name)} && break; sleep 2"""
        yield "done"
    else:
        yield f"ask {command}{_options(asked)} >{file_name(api.name)}"


def _options(asked: dict[str, Any]) -> str:
    chosen = {name: value for name, value in selecting(asked).items() if name != "region"}
    return "".join(f" --{cli_name(name)} {_given(value)}" for name, value in chosen.items())


def _given(value: Any) -> str:
    """An option's value, or its values."""
    return " ".join(shlex.quote(str(one)) for one in (value if isinstance(value, list | tuple) else [value]))


def _each(api: Api, command: str, names: str, values: str, *, regional: bool = False) -> Iterator[str]:
    """One line a request; S3 answers some with nothing. values: the command that prints them. regional: it prints the region
    first, and each has its file."""
    parameters = names.split()
    read = [f"v{n}" for n, _ in enumerate(parameters, 1)]
    told = ", ".join(f'"{parameter}": "%s"' for parameter in parameters)
    given = " ".join(f'"${one}"' for one in read)
    options = " ".join(f'--{cli_name(parameter)} "${one}"' for parameter, one in zip(parameters, read, strict=True))
    where, into = (IN_REGION, f" >>{file_name(api.name, REGION, 'jsonl')}") if regional else ("", "")
    yield f"{values} | while read -r {' '.join(['r'] * regional + read)}; do"
    yield f"""  printf '{{"Request": {{{told}}}, "Response": %s}}\\n' {given} \\"""
    yield f"""    "$(ask {command} {options}{where} </dev/null | tr -d '\\n' | grep . || echo '{{}}')"{into}"""
    yield "done" if regional else f"done >{file_name(api.name, kind='jsonl')}"
