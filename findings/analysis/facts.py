"""What the rules read: a snapshot with its indexes, ages as of one moment, and what is missing. No Django, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from collectors import records
from collectors.records import State
from findings.analysis import organization, recorded
from findings.analysis.activity.callers import NOTHING, Elsewhere
from findings.analysis.activity.verdict import Activity
from findings.analysis.analyzers import Analyzers
from findings.analysis.behaviour.baseline import Behaviour
from findings.analysis.classify import kind_of_role, kind_of_user
from findings.analysis.escalation.verdicts import Account as EscalationGround
from findings.analysis.gaps import Gap, gap_of, together
from findings.analysis.guardrails import Guardrails, find_guardrails
from findings.analysis.identity_center import Center
from findings.analysis.kinds import KindOf, Overrides
from findings.analysis.past import Past
from findings.analysis.permissions import Permissions
from findings.analysis.trust.who import Admission, admitted
from findings.policy.document import Document, Unreadable, read

SAME_ENTITY = timedelta(minutes=1)
# What is asked user by user -> field of records.AccountDetails.
LISTED = {
    "iam:ListServiceSpecificCredentials": "service_credentials",
    "iam:ListSSHPublicKeys": "ssh_keys",
    "iam:ListSigningCertificates": "certificates",
    "iam:ListMFADevices": "mfa_devices",
}
ADVISOR_DAYS = 2  # how old a reading of Access Advisor may be and still tell that something was *not* used
T = TypeVar("T")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an organization decides; the defaults are RULES.md's. All `_days` are whole days, and "older" means
    strictly older.

    password_expiry_days: the longest that a password may live; 0: expiry is not asked for. collect_every_hours: how often
    the account is collected, 0: on no schedule; seldom: API -> asked every n-th time only. off: codes of rules that are
    not judged. kinds: ARN or unique id of a role or user -> kind, decided by an operator. known_vendors: account id ->
    whose it is. trusted_accounts: ids that are in the zone of trust although no organization of ours has them.
    sensitive_services: service prefix -> after how many days without use its access is stale. networks: CIDR -> name, which
    begins with what it is: office, vpn, datacentre, ci, vendor, or aws for AWS's published ranges. iam_by_code: the account's
    roles and policies are meant to be made by code only. lookup_days: how far back LookupEvents was asked. allowed_regions:
    those that may be used; none: any. required_boundaries:
    whom ("*", "path:/teams/", "tag:key=value", "ou:ou-ab12-34567890") -> name or ARN of the permissions boundary that these
    roles and users must carry. organization_policies: further policy types that the organization should have on, as AWS
    names them (TAG_POLICY, AISERVICES_OPT_OUT_POLICY). sensitive_buckets: which buckets hold what must not be read unseen
    ("tag:classification=secret", "payments-*"). sla_days: severity -> within how many days a finding must be resolved; 0
    or absent: no day is named. acceptance_days: the longest that a finding may be accepted for; acceptance_approval: another
    operator than the one who asks must approve it.
    """

    unused_days: int = 90
    credential_days: int = 45
    rotation_days: int = 90
    rotation_high_days: int = 365
    never_used_grace_days: int = 7
    new_key_days: int = 7
    two_keys_days: int = 14
    password_length: int = 14
    password_reuse: int = 24
    password_expiry_days: int = 0
    human_session_hours: int = 8
    collect_every_hours: float = 0
    seldom: dict[str, int] = {}
    off: frozenset[str] = frozenset({"LP206", "AB109"})
    kinds: dict[str, str] = {}
    known_vendors: dict[str, str] = {}
    trusted_accounts: frozenset[str] = frozenset()
    sensitive_services: dict[str, int] = msgspec.field(default_factory=lambda: {"bedrock": 60, "sagemaker": 90})
    networks: dict[str, str] = {}
    iam_by_code: bool = False
    lookup_days: int = 90
    allowed_regions: frozenset[str] = frozenset()
    required_boundaries: dict[str, str] = {}
    organization_policies: frozenset[str] = frozenset()
    sensitive_buckets: frozenset[str] = frozenset()
    sla_days: dict[str, int] = msgspec.field(
        default_factory=lambda: {"critical": 7, "high": 30, "medium": 90, "low": 180}
    )
    acceptance_days: int = 90
    acceptance_approval: bool = False


@dataclass(frozen=True, slots=True)
class AccountSubject:
    """The account itself as a subject; its ARN is that of its root user, as IAM writes it."""

    unique_id: str
    name: str
    arn: str


class Facts:
    """One account as of `snapshot.as_of`. Look-ups return None for what is not there; `gaps` says whether it was
    looked for."""

    def __init__(
        self,
        snapshot: records.Snapshot,
        settings: Settings | None = None,
        known_guardrails: Guardrails | None = None,
        unreadable: Mapping[str, str] | None = None,
        elsewhere: Elsewhere = NOTHING,
    ) -> None:
        self.snapshot = snapshot
        self._elsewhere = elsewhere
        self._guardrails = known_guardrails
        self._unreadable = unreadable or {}
        self.settings = settings or Settings()
        self.as_of = snapshot.as_of
        self._known_gaps: dict[str, list[Gap]] = {}

    @cached_property
    def account(self) -> AccountSubject:
        s = self.snapshot
        return AccountSubject(s.account_id, s.name or s.account_id, f"arn:{s.partition}:iam::{s.account_id}:root")

    @cached_property
    def summary(self) -> Mapping[str, int] | None:
        """GetAccountSummary's SummaryMap."""
        return self.told.summary

    @cached_property
    def told(self) -> records.AccountDetails:
        """What all sources together tell of the account as a whole. An API that gave no answer leaves its part None."""
        parts: dict[str, Any] = {}
        for details in self.snapshot.details:
            parts |= {name: told for name, told in msgspec.structs.asdict(details).items() if told is not None}
        return records.AccountDetails(**{**parts, "unique_id": "account"})

    def other_credentials(self, user: records.User) -> tuple[tuple[records.ServiceCredential, ...], tuple[str, ...]]:
        """The user's SSH keys and credentials of one service that work, and the APIs of which it is not known what they
        would tell of the user."""
        lists = {
            api: self._listed(api, user) for api in ("iam:ListServiceSpecificCredentials", "iam:ListSSHPublicKeys")
        }
        found = (one for listed in lists.values() for one in listed or () if one.active)
        working = tuple(one for one in found if one.expires_at is None or one.expires_at > self.as_of)
        return working, tuple(api for api, listed in lists.items() if listed is None)

    def certificates(self, user: records.User) -> tuple[records.ServiceCredential, ...] | None:
        """The user's signing certificates that are active. None: not known one by one; the credential report counts them."""
        listed = self._listed("iam:ListSigningCertificates", user)
        return None if listed is None else tuple(one for one in listed if one.active)

    def mfa_devices(self, user: records.User) -> tuple[str, ...] | None:
        """Serial numbers of all MFA devices of the user, of whatever sort. None: not known."""
        return self._listed("iam:ListMFADevices", user)

    def _listed(self, api: str, user: records.User) -> tuple[Any, ...] | None:
        """What an API that is asked user by user lists of the user; None where it is not known, or was and can be no more."""
        return self._lately(api).get(user.unique_id)

    def _lately(self, api: str) -> Mapping[str, tuple[Any, ...]]:
        """By the users' unique ids; of nobody where the API gave no answer the last time."""
        told: Mapping[str, tuple[Any, ...]] = getattr(self.told, LISTED[api]) or {}
        return told if any(row.state in (State.COMPLETE, State.PARTIAL) for row in self.covered(api)) else {}

    def max_session(self, role: records.Role) -> int | None:
        """MaxSessionDuration in seconds; None: ListRoles, which tells it, gave no answer."""
        return None if self.told.long_sessions is None else self.told.long_sessions.get(role.unique_id, 3_600)

    def roles_with(self, policy_arn: str) -> tuple[records.Role, ...]:
        """Roles that have the managed policy attached, by name."""
        found = (role for role in self.snapshot.roles if policy_arn in role.attached)
        return tuple(sorted(found, key=lambda role: role.name))

    @cached_property
    def holders_by_policy(self) -> Mapping[str, tuple[records.Holder, ...]]:
        """ARN of a managed policy -> the roles, users and groups that it is attached to."""
        holders = (*self.snapshot.roles, *self.snapshot.users, *self.snapshot.groups)
        return _grouped((arn, holder) for holder in holders for arn in holder.attached)

    @cached_property
    def groups_by_name(self) -> Mapping[str, records.Group]:
        return {g.name: g for g in self.snapshot.groups}

    @cached_property
    def members_by_group(self) -> Mapping[str, tuple[records.User, ...]]:
        """Group name -> its users."""
        return _grouped((name, user) for user in self.snapshot.users for name in user.groups)

    @cached_property
    def user_by_arn(self) -> Mapping[str, records.User]:
        return {u.arn: u for u in self.snapshot.users}

    @cached_property
    def role_by_arn(self) -> Mapping[str, records.Role]:
        return {r.arn: r for r in self.snapshot.roles}

    @cached_property
    def role_by_name(self) -> Mapping[str, records.Role]:
        return {r.name: r for r in self.snapshot.roles}

    @cached_property
    def principal_by_arn(self) -> Mapping[str, records.Role | records.User]:
        return {**self.role_by_arn, **self.user_by_arn}

    @cached_property
    def principal_by_id(self) -> Mapping[str, records.Role | records.User]:
        return {one.unique_id: one for one in self.principal_by_arn.values()}

    @cached_property
    def policy_by_arn(self) -> Mapping[str, records.Policy]:
        return {p.arn: p for p in self.snapshot.policies}

    @cached_property
    def keys_by_user_arn(self) -> Mapping[str, tuple[records.AccessKey, ...]]:
        return _grouped((k.user_arn, k) for k in self.snapshot.keys)

    @cached_property
    def credential_by_arn(self) -> Mapping[str, records.Credential]:
        return {c.unique_id: c for c in self.snapshot.credentials}

    @cached_property
    def root_credential(self) -> records.Credential | None:
        return next((c for c in self.snapshot.credentials if c.is_root), None)

    def credential(self, user: records.User) -> records.Credential | None:
        """The user's row of the credential report. None: the report was made before the user, or before a user of
        that name was deleted and made again (its row then tells of the earlier one)."""
        row = self.credential_by_arn.get(user.arn)
        return row if row and row.created_at >= user.created_at - SAME_ENTITY else None

    def keys(self, user: records.User) -> tuple[records.AccessKey, ...]:
        return self.keys_by_user_arn.get(user.arn, ())

    @cached_property
    def advisor(self) -> Mapping[str, records.LastAccessed]:
        """Access Advisor's answers by the unique id of the role or user. None for one: not read yet, or service-linked."""
        return {found.unique_id: found for found in self.snapshot.last_accessed}

    def advised(self, principal: records.Role | records.User) -> bool:
        """Whether Access Advisor's silence on the principal counts: it was read, and lately."""
        found = self.advisor.get(principal.unique_id)
        return found is not None and not self.older(found.read_at, ADVISOR_DAYS)

    @cached_property
    def advised_some(self) -> bool:
        """Whether Access Advisor's silence counts of one role or user at least."""
        return any(not self.older(found.read_at, ADVISOR_DAYS) for found in self.advisor.values())

    def document(self, digest: str) -> Document | Unreadable:
        """A policy document by digest; each is read once."""
        if digest not in self._documents:
            if digest in self.snapshot.documents:
                self._documents[digest] = read(self.snapshot.documents[digest])
            else:
                self._documents[digest] = Unreadable(self._unreadable.get(digest, "the document was not collected"))
        return self._documents[digest]

    @cached_property
    def _documents(self) -> dict[str, Document | Unreadable]:
        return {}

    @cached_property
    def guardrails(self) -> Guardrails:
        """The SCPs and RCPs that bind the account (analysis/guardrails.py)."""
        return self._guardrails or find_guardrails(self)

    @cached_property
    def center(self) -> Center:
        """What Identity Center says of the account (analysis/identity_center.py)."""
        return Center(self)

    @cached_property
    def permissions(self) -> Permissions:
        """What the account's roles, users and groups may do (analysis/permissions.py)."""
        return Permissions(self)

    @cached_property
    def activity(self) -> Activity:
        """What sessions and assumptions tell of who acted (analysis/activity)."""
        return Activity(self, self._elsewhere)

    @cached_property
    def behaviour(self) -> Behaviour:
        """What principals do day by day, and what was changed by whom (analysis/behaviour)."""
        return Behaviour(self)

    @cached_property
    def analyzers(self) -> Analyzers:
        """What Access Analyzer found, and where it looks (analysis/analyzers.py)."""
        return Analyzers(self)

    @cached_property
    def past(self) -> Past:
        """The account as it was two weeks ago (analysis/past.py)."""
        return Past(self)

    @cached_property
    def escalation(self) -> EscalationGround:
        """How the account's roles and users could get more than they have (analysis/escalation)."""
        return EscalationGround(self)

    def admitted(self, role: records.Role) -> tuple[Admission, ...]:
        """Whom the role's trust policy lets in (analysis/trust/who.py). Empty also when the policy cannot be read."""
        if role.trust not in self._admitted:
            self._admitted[role.trust] = admitted(self.document(role.trust), self)
        return self._admitted[role.trust]

    @cached_property
    def _admitted(self) -> dict[str, tuple[Admission, ...]]:
        return {}

    def inside(self, account_id: str) -> bool:
        """Whether the account with this id is in the zone of trust (analysis/organization.py); `zone_known` is for wording."""
        return organization.inside(account_id, self)

    @property
    def zone_known(self) -> bool:
        return organization.zone_known(self)

    def kind(self, principal: records.Role | records.User) -> KindOf:
        """The kind of a role or user that counts: what an operator set, else what is declared (analysis/kinds.py)."""
        if principal.unique_id not in self._kinds:
            self._kinds[principal.unique_id] = self._kind(principal, self.settings.kinds)
        return self._kinds[principal.unique_id]

    @cached_property
    def _kinds(self) -> dict[str, KindOf]:
        return {}

    def declared(self, principal: records.Role | records.User) -> KindOf:
        """Its kind without an operator's word."""
        return self._kind(principal, {})

    def _kind(self, principal: records.Role | records.User, overrides: Overrides) -> KindOf:
        if isinstance(principal, records.Role):
            return kind_of_role(principal, self.document(principal.trust), overrides, self._users_with_password)
        return kind_of_user(principal, self.credential(principal), self.keys(principal), overrides)

    @cached_property
    def _users_with_password(self) -> frozenset[str]:
        return frozenset(c.unique_id for c in self.snapshot.credentials if c.password_enabled and not c.is_root)

    def older(self, moment: datetime, days: int) -> bool:
        """Whether `moment` is more than `days` days before as_of."""
        return self.as_of - moment > timedelta(days=days)

    def complete(self, api: str) -> bool:
        return not self.gaps((api,))

    @cached_property
    def trails(self) -> tuple[records.Trail, ...]:
        """The trails that record the account, each as far as it is known now (analysis/recorded.py)."""
        return tuple(recorded.known(one, self) for one in self.snapshot.trails)

    def covered(self, api: str) -> tuple[records.Coverage, ...]:
        """How the asking went, by region."""
        return self._coverage.get(api, ())

    def somewhere(self, api: str) -> bool:
        """Whether the API gave its whole answer in one region, at least."""
        return any(row.state is State.COMPLETE for row in self._coverage.get(api, ()))

    def gaps(self, needs: Iterable[str], any_of: Iterable[str] = (), each: Iterable[str] = ()) -> tuple[Gap, ...]:
        """What is missing of `needs`; of `any_of` if none of those is complete: of those that were asked, where some were; and of
        `each`, which are asked one by one, while nobody's answer counts."""
        needed = (*needs, *(api for api in each if not self._told_of_some(api)))
        missing = [gap for api in needed for gap in self._gaps_of(api)]
        apis = tuple(any_of)
        choices = [self._gaps_of(api) for api in [one for one in apis if one in self._coverage] or apis]
        if choices and all(choices):
            missing += [gap for gaps in choices for gap in gaps]
        return tuple(missing)

    def _told_of_some(self, api: str) -> bool:
        """Whether the answer of an API that is asked of each user, or of each role and user, counts for one of them at least."""
        return bool(self._lately(api)) if api in LISTED else self.advised_some

    def _gaps_of(self, api: str) -> list[Gap]:
        """Asked of the same few APIs for each subject of each rule."""
        if api not in self._known_gaps:
            self._known_gaps[api] = self._looked_for(api)
        return self._known_gaps[api]

    def _looked_for(self, api: str) -> list[Gap]:
        rows = self._coverage.get(api, ())
        if not rows:
            return [gap_of(api, None)]
        short = [r for r in rows if r.state not in (State.COMPLETE, State.NOT_APPLICABLE)]
        if not short and not any(r.state is State.COMPLETE for r in rows):
            short = list(rows)
        return together(gap_of(api, row) for row in short)

    @cached_property
    def _coverage(self) -> Mapping[str, tuple[records.Coverage, ...]]:
        return _grouped((c.api, c) for c in sorted(self.snapshot.coverage, key=lambda c: c.region))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
