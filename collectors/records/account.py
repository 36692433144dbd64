"""What is known of an account as a whole."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from collectors.records.base import Record, too_long_ago
from collectors.records.buckets import PublicAccessBlock
from collectors.records.iam import InstanceProfile
from collectors.records.organization import Organization

SSH_KEY, SIGNING_CERTIFICATE = "SSH key", "signing certificate"


class PasswordPolicy(Record, frozen=True, kw_only=True):
    """What the account demands of IAM users' passwords. custom False: none was set, so AWS's own default holds.

    reuse_prevention: how many former passwords are refused; max_age_days: 0 = passwords do not expire.
    """

    custom: bool = True
    minimum_length: int = 0
    upper: bool = False
    lower: bool = False
    number: bool = False
    symbol: bool = False
    reuse_prevention: int = 0
    max_age_days: int = 0


class SamlProvider(Record, frozen=True, kw_only=True):
    """valid_until: when its metadata ends."""

    arn: str
    valid_until: datetime | None = None


class ServerCertificate(Record, frozen=True, kw_only=True):
    unique_id: str
    arn: str
    name: str
    expires_at: datetime | None = None


class VirtualMfaDevice(Record, frozen=True, kw_only=True):
    """A virtual device that somebody has. owner_arn: of the user, or of the account's root."""

    serial: str
    owner_arn: str = ""

    @property
    def of_root(self) -> bool:
        """Root's first virtual device has a name of its own; an owner is not told in every answer."""
        return self.owner_arn.endswith(":root") or self.serial.endswith(":mfa/root-account-mfa-device")


class ServiceCredential(Record, frozen=True, kw_only=True):
    """A credential of a user for one purpose. kind: SSH_KEY, SIGNING_CERTIFICATE, or the service that takes it ("codecommit").
    expires_at None: it does not end. When it was used, nobody tells."""

    unique_id: str
    kind: str
    active: bool
    created_at: datetime | None = None
    expires_at: datetime | None = None


class AccountDetails(Record, frozen=True, kw_only=True):
    """What sources tell of the account as a whole, one record a source; a part is None when its API gave no answer.

    summary: GetAccountSummary's SummaryMap. oidc_providers: ARNs. empty_instance_profiles: those without a role; the others
    stand with their roles. long_sessions: id of a role -> its MaxSessionDuration in seconds, where that is not the default.
    security_contact: whether one is named; who it is, is not kept. root_features: what of the members' root users the
    organization manages centrally ("RootCredentialsManagement", "RootSessions"), trusted_services: service principals that may
    act in all its accounts, delegation: digest of the policy by which others may manage its policies, "" where it has none;
    these are told to who manages it. regions: those that are enabled.
    public_access_block: what holds for all its buckets. service_credentials, ssh_keys, certificates and mfa_devices
    (serial numbers): by the unique ids of the users that were asked about. Of these four, by the field: asked_on: on which day
    each user was asked about last; untold: of whom nothing was told then, so that what the field has is no longer known.
    """

    unique_id: str
    aliases: tuple[str, ...] | None = None
    summary: dict[str, int] | None = None
    password_policy: PasswordPolicy | None = None
    saml_providers: tuple[SamlProvider, ...] | None = None
    oidc_providers: tuple[str, ...] | None = None
    server_certificates: tuple[ServerCertificate, ...] | None = None
    virtual_mfa: tuple[VirtualMfaDevice, ...] | None = None
    empty_instance_profiles: tuple[InstanceProfile, ...] | None = None
    long_sessions: dict[str, int] | None = None
    security_contact: bool | None = None
    root_features: tuple[str, ...] | None = None
    trusted_services: tuple[str, ...] | None = None
    delegation: str | None = None
    organization: Organization | None = None
    regions: tuple[str, ...] | None = None
    public_access_block: PublicAccessBlock | None = None
    service_credentials: dict[str, tuple[ServiceCredential, ...]] | None = None
    ssh_keys: dict[str, tuple[ServiceCredential, ...]] | None = None
    certificates: dict[str, tuple[ServiceCredential, ...]] | None = None
    mfa_devices: dict[str, tuple[str, ...]] | None = None
    asked_on: dict[str, dict[str, date]] | None = None
    untold: dict[str, tuple[str, ...]] | None = None

    def lately(self, at: datetime) -> AccountDetails:
        """Without what was told of users too long before, or is told no more."""
        late, untold = too_long_ago(at), self.untold or {}
        lost = {
            name: {uid for uid, day in asked.items() if day < late} | set(untold.get(name, ()))
            for name, asked in (self.asked_on or {}).items()
        }
        known = {name: getattr(self, name) or {} for name, uids in lost.items() if uids}
        kept = {name: {uid: one for uid, one in some.items() if uid not in lost[name]} for name, some in known.items()}
        return msgspec.structs.replace(self, **kept)
