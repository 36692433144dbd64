"""What a condition says of the reach of an Allow: does it narrow *what* may be touched, or only ask who, where and when
the caller is?

`*` on `*` with MFA, from the office or in one region is still an administrator; `*` on `*` for resources with one tag is
not. Keys are compared in lower case, as IAM does.
"""

from __future__ import annotations

from findings.policy.catalogue import Catalogue, Level
from findings.policy.document import Condition

# Known of a role or user before it calls: a condition on these alone has one answer for each principal.
CALLER_KEYS = frozenset(
    f"aws:{key}"
    for key in (
        "principalarn",
        "principalaccount",
        "principalorgid",
        "principalorgpaths",
        "principaltype",
        "principalisawsservice",
        "userid",
        "username",
    )
)
PRINCIPAL_TAG = "aws:principaltag/"

# Who the caller is, where it calls from and when: the global keys of principal, role session and network, and of the
# request what does not tell of the resource. aws:ResourceAccount and its like stand here too: "all of my own account" is
# what `*` means for nearly every action.
SESSION_KEYS = CALLER_KEYS | frozenset(
    f"aws:{key}"
    for key in (
        "federatedprovider",
        "tokenissuetime",
        "multifactorauthage",
        "multifactorauthpresent",
        "chatbotsourcearn",
        "ec2instancesourcevpc",
        "ec2instancesourceprivateipv4",
        "sourceidentity",
        "assumedroot",
        "signinsessionarn",
        "sourceip",
        "sourcevpc",
        "sourcevpcarn",
        "sourcevpce",
        "vpcsourceip",
        "vpceaccount",
        "vpceorgid",
        "vpceorgpaths",
        "currenttime",
        "epochtime",
        "referer",
        "requestedregion",
        "securetransport",
        "useragent",
        "resourceaccount",
        "resourceorgid",
        "resourceorgpaths",
    )
)
SESSION_KEYS |= {
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "glue:credentialissuingservice",
    "glue:roleassumedby",
    "identitystore:userid",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
}

# Absent when a principal calls for itself. What holds without them does not narrow.
BY_SERVICE_KEYS = frozenset(
    f"aws:{key}"
    for key in (
        "calledvia",
        "calledviafirst",
        "calledvialast",
        "sourcearn",
        "sourceaccount",
        "sourceorgid",
        "sourceorgpaths",
        "principalservicename",
        "principalservicenameslist",
    )
)
VIA_SERVICE = "aws:viaawsservice"
# Keys that few actions of their service bring.
OF_ACTIONS = {
    "iam:passedtoservice": ("iam:PassRole",),
    "iam:associatedresourcearn": ("iam:PassRole",),
    "iam:awsservicename": ("iam:CreateServiceLinkedRole",),
}
TAGS_OF_RESOURCE = "aws:resourcetag/"
TAGS_IN_REQUEST = ("aws:requesttag/", "aws:tagkeys")


def of_session(key: str) -> bool:
    """Whether the key tells who, where or when. Federated identity keys (token.actions...:sub, saml:sub) do too."""
    key = key.lower()
    prefix = key.partition(":")[0]
    return key in SESSION_KEYS or key.startswith(PRINCIPAL_TAG) or "." in prefix or prefix == "saml"


def of_caller(key: str) -> bool:
    """Whether the key's value follows from which role or user calls."""
    key = key.lower()
    return key in CALLER_KEYS or key.startswith(PRINCIPAL_TAG)


def holds_when_absent(condition: Condition) -> bool:
    """Whether the condition is met by a request without the key: IfExists, ForAllValues, negations, Null true; never
    ForAnyValue (operators.Operator.of_absent)."""
    quantifier, _, operator = condition.operator.lower().rpartition(":")
    if operator == "null":
        return all(value.lower() == "true" for value in condition.values)
    if quantifier:
        return quantifier == "forallvalues"
    return operator.endswith("ifexists") or "not" in operator


def narrows(condition: Condition) -> bool:
    """Whether the condition limits what an Allow may touch, for some action at least."""
    key = condition.key.lower()
    if of_session(key):
        return False
    if key == VIA_SERVICE:
        return any(value.lower() != "false" for value in condition.values)
    if key in BY_SERVICE_KEYS:
        return not holds_when_absent(condition)
    if key.startswith(TAGS_OF_RESOURCE):  # "all but what is tagged so" leaves nearly everything
        return "not" not in condition.operator.lower() or not holds_when_absent(condition)
    return True


def narrowed(condition: Condition, catalogue: Catalogue) -> int:
    """The actions whose reach the condition limits. One that holds without its key limits only the actions that bring
    the key: those of its service or fewer; for tags in the request tagging, since the rest can be asked without tags."""
    if not narrows(condition):
        return 0
    key = condition.key.lower()
    if holds_when_absent(condition):
        if key.startswith(TAGS_IN_REQUEST):
            return catalogue.levels.get(Level.TAGGING, 0)
        if key in OF_ACTIONS:
            return catalogue.mask(OF_ACTIONS[key])
        service = key.partition(":")[0]
        if service in catalogue.services:
            return catalogue.services[service]
    return catalogue.all
