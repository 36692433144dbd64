"""The shell script that makes a bundle with the AWS CLI, written from what the sources ask: it cannot drift from them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, ClassVar

from collectors.aws.bundle import CLI_NAMES, PREPARES, file_name, selecting
from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.shapes import cli_name
from collectors.records import State
from collectors.sources import Api, sources

# Requests that are made for each of something: API -> (parameters, CLI command that prints their values, one request a line).
EACH = {
    "iam:ListAccessKeys": ("UserName", "aws iam list-users --query 'Users[].[UserName]' --output text"),
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
# Identity Center, which lies in one region: that of AWS_REGION, or of the profile.
print() { aws "$@" --output text 2>.refusal </dev/null; }
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


class _Rehearsal(Aws):
    """Notes the first request of a fetch, and ends it there."""

    malformed: ClassVar[tuple[type[Exception], ...]] = (LookupError,)

    def __init__(self) -> None:
        self.asked: dict[str, Any] | None = None
        self.account_id = ""

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Answer:
        self.asked = parameters | ({"region": region} if region else {})
        raise AwsError(api, State.ERROR, "Only rehearsed.")

    def pages(
        self, api: str, *, require: str, token: str = "Marker", region: str = "", **parameters: Any
    ) -> Iterator[Answer]:
        yield self.ask(api, require=require, region=region, **parameters)

    def pause(self, seconds: float) -> None:
        """Nothing is waited for."""


def request(api: Api) -> dict[str, Any] | None:
    """The parameters with which the API is asked; None where they depend on the answers of others."""
    rehearsal = _Rehearsal()
    try:
        api.fetch(rehearsal, {})
    except (AwsError, *rehearsal.malformed):
        return rehearsal.asked
    return rehearsal.asked


def script() -> str:
    apis = [api for source in sources().values() for api in source.apis]
    return "\n".join([HEAD + "\n".join(line for api in apis for line in _lines(api)), TAIL, ""])


def _lines(api: Api) -> Iterator[str]:
    asked, (service, operation) = request(api), api.name.split(":")
    command = f"{CLI_NAMES.get(service, service)} {cli_name(operation)}"
    if api.name in EACH:
        names, values = EACH[api.name]
        parameters = names.split()
        read = [f"v{n}" for n, _ in enumerate(parameters, 1)]
        told = ", ".join(f'"{parameter}": "%s"' for parameter in parameters)
        given = " ".join(f'"${one}"' for one in read)
        options = " ".join(f'--{cli_name(parameter)} "${one}"' for parameter, one in zip(parameters, read, strict=True))
        name = file_name(api.name, kind="jsonl")
        yield f"{values} | while read -r {' '.join(read)}; do"
        yield f"""  printf '{{"Request": {{{told}}}, "Response": %s}}\\n' {given} \\"""
        yield f"""    "$(ask {command} {options} </dev/null | tr -d '\\n')\""""
        yield f"done >{name}"
    elif asked is None:
        yield f"# {file_name(api.name, kind='jsonl')}: one line a request, as BUNDLE.md says, if you want it judged"
    elif api.name in PREPARES:
        yield "for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do"
        yield f"  ask {command} >{file_name(api.name)}"
        yield f"""  grep -q 'COMPLETE\\|"Error"' {file_name(api.name)} && break; sleep 2"""
        yield "done"
    else:
        options = "".join(f" --{cli_name(name)} {shlex.quote(str(value))}" for name, value in selecting(asked).items())
        yield f"ask {command}{options} >{file_name(api.name)}"
