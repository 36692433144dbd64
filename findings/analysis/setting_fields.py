"""Every field of Settings: what it is called, what it may be, and how what is said of it in several places goes together.

The one table for pages, for a bundle's settings.json and for settings as code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from findings.analysis.activity.networks import network_of
from findings.analysis.facts import Settings
from findings.analysis.setting_kinds import Kind, Named, Names, Number, Read, YesNo


@dataclass(frozen=True)
class Field:
    """title, help: for operators; help is a sentence. adds: what is said nearer to the account is added to what is said
    further off, key by key; else it replaces it. elsewhere: where it is decided, if not on the page of settings.
    """

    name: str
    title: str
    help: str
    kind: Kind
    adds: bool = False
    elsewhere: str = ""

    def read(self, raw: Any) -> Read:
        """The value, and what of a list is none. Raises ValueError (msgspec.ValidationError is one) for another form."""
        return self.kind.read(raw)

    def strict(self, raw: Any) -> Any:
        """The value; ValueError, which names the setting and what is allowed, when any of it is wrong."""
        try:
            value, wrong = self.read(raw)
        except ValueError as error:
            raise ValueError(f"{self.title} ({self.name}): {error}. It must be {self.kind.allowed}.") from None
        if wrong:
            named = ", ".join(repr(one[:60]) for one in wrong[:3])
            raise ValueError(f"{self.title} ({self.name}): {named} cannot be used. It must be {self.kind.allowed}.")
        return value

    def typed(self, text: str) -> Any:
        """The value of what an operator wrote; ValueError as of `strict`."""
        try:
            raw = self.kind.typed(text)
        except ValueError as error:
            raise ValueError(f"{self.title} ({self.name}): {error}.") from None
        return self.strict(raw)

    def said(self, value: Any) -> str:
        """A value in words."""
        if isinstance(self.kind, Number):
            return f"{self.kind.text(value)} {self.kind.unit}"
        return self.kind.text(value).replace("\n", ", ") or "none"

    @property
    def default(self) -> Any:
        return getattr(DEFAULTS, self.name)


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    return sorted(value) if isinstance(value, frozenset) else value


def is_id(value: object) -> bool:
    """As text: a number would have lost the zeros that an id may begin with."""
    return isinstance(value, str) and bool(ACCOUNT.fullmatch(value))


def _vendors(raw: Any) -> Read:
    """{id: name}, {name: id or ids}, or ids without names."""
    if not isinstance(raw, dict):
        ids, wrong = ACCOUNTS.read(raw)
        return dict.fromkeys(sorted(ids), ""), wrong
    named: dict[str, str] = {}
    wrong = []
    for key, other in raw.items():
        if is_id(key):
            named[key] = str(other)
        else:
            ids, bad = ACCOUNTS.read(other)
            named |= dict.fromkeys(ids, str(key))
            wrong += bad
    return named, wrong


DEFAULTS = Settings()
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
SELECTOR = re.compile(r"\*|path:/\S*|tag:[^=]+=.*|ou:(?:ou|r)-[a-z0-9-]+")
ACCOUNTS = Names(ACCOUNT, "an account id is 12 digits, as text")
BOUNDARIES = Named(
    lambda key: bool(SELECTOR.fullmatch(key)),
    "whom is written as *, path:/teams/, tag:key=value or ou:ou-ab12-34567890",
    "* = edge",
    empty=False,
)
NETWORKS = Named(
    lambda key: network_of(key) is not None, "a network is written as 192.0.2.0/24", "192.0.2.0/24 = office"
)
DAYS = Number("days")
PREFIX = re.compile(r"[a-z0-9-]{1,64}")
SERVICES = Named(
    lambda key: bool(PREFIX.fullmatch(key)), "a service is written as its prefix", "bedrock = 60", value=DAYS
)
SLA = Named(
    lambda key: key in ("critical", "high", "medium", "low"),
    "a severity is critical, high, medium or low",
    "high = 30",
    value=Number("days", 0, 3650),
)
BUCKETS = Names(
    re.compile(r"tag:[^=\s]{1,128}=\S{0,256}|[a-z0-9*][a-z0-9.*-]{0,62}"),
    "a bucket is written as tag:classification=secret, or by its name, in which * stands for anything",
)
ENVIRONMENT = "the environment of the worker"
_ALL = (
    Field("unused_days", "Unused after", "What nobody used for longer is unused: roles, users, services, actions.", DAYS),
    Field("credential_days", "Credential unused after", "A password or key that nobody used for longer is unused.", DAYS),
    Field("never_used_grace_days", "Grace for what is new", "So long may something stay without any use.", DAYS),
    Field("sensitive_services", "Sensitive services", "Services whose access is stale sooner, and after how many days.",
          SERVICES, adds=True),
    Field("rotation_days", "Rotate keys after", "An access key that is older must be made anew.", DAYS),
    Field("rotation_high_days", "Rotation is urgent after", "From this age on such a key is a finding of high severity.", DAYS),
    Field("new_key_days", "A key is new for", "So long a new static key of a person is told.", DAYS),
    Field("two_keys_days", "Two keys may live for", "So long a rotation may take, with two active keys side by side.", DAYS),
    Field("password_length", "Password length", "The least that the password policy must ask for.", Number("characters", 0, 128)),
    Field("password_reuse", "Passwords remembered", "How many former passwords must be refused.", Number("passwords", 0, 24)),
    Field("password_expiry_days", "Passwords expire after", "So long may a password live; 0: expiry is not asked for.", DAYS),
    Field("human_session_hours", "Sessions of people", "The longest session of a role that people use.", Number("hours", 0, 12)),
    Field("trusted_accounts", "Trusted accounts", "Accounts in the zone of trust although no organization of ours has them.",
          ACCOUNTS, adds=True),
    Field("known_vendors", "Known vendors", "Accounts of vendors whose access is wanted, and whose they are.",
          Named(is_id, ACCOUNTS.what, "123456789012 = Costwise", also=_vendors), adds=True),
    Field("required_boundaries", "Required boundaries", "Which roles and users must carry which permissions boundary.",
          BOUNDARIES, adds=True),
    Field("allowed_regions", "Allowed regions", "Regions that may be used, which SCPs must hold to; none: any.",
          Names(re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-[0-9]{1,2}"), "a region is written as eu-west-1")),
    Field("organization_policies", "Policy types asked for", "Further policy types that the organization must have on.",
          Names(re.compile(r"[A-Z][A-Z0-9_]{2,63}"), "a policy type as AWS names it, such as TAG_POLICY")),
    Field("sensitive_buckets", "Sensitive buckets", "Buckets of whose objects every access must be recorded.",
          BUCKETS, adds=True),
    Field("iam_by_code", "IAM is made by code", "Roles and policies made by hand are findings.", YesNo()),
    Field("sla_days", "Resolve within", "So many days has a finding of a severity until it is overdue; 0: no day is named.",
          SLA, adds=True),
    Field("acceptance_days", "Accepted for at most", "So long may a finding be accepted before somebody decides anew.",
          Number("days", 1, 3650)),
    Field("acceptance_approval", "Acceptances are approved", "An acceptance holds when another operator approved it.",
          YesNo()),
    Field("off", "Rules that are not judged", "Codes of rules that say nothing, such as LP206, inline policies.",
          Names(re.compile(r"[A-Z]{2}[0-9]{3}"), "the code of a rule, such as LP206")),
    Field("networks", "Networks", "What addresses are called.", NETWORKS, adds=True, elsewhere="the page Networks"),
    Field("kinds", "Kinds", "Who is meant to act with a role or user.",
          Named(bool, "an ARN or unique id", "AROA... = machine-ci"), adds=True, elsewhere="the page of the role or user"),
    Field("collect_every_hours", "Collected every", "How often the account is collected; 0: on no schedule.",
          Number("hours", whole=False), elsewhere=ENVIRONMENT),
    Field("seldom", "Asked seldom", "APIs that are asked every n-th time only.",
          Named(bool, "an API", "iam:GetCredentialReport = 4", Number("times")), elsewhere="the sources"),
    Field("lookup_days", "Looked up for", "How far back LookupEvents is asked.", DAYS, elsewhere=ENVIRONMENT),
)  # fmt: skip
FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
DECIDED: Mapping[str, Field] = {name: field for name, field in FIELDS.items() if not field.elsewhere}
