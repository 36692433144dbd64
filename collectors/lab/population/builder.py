"""Puts roles, users, keys and policies into one account through moto's back-end objects, with their labels.

The labels here are the lab's own reading of the catalogue's thresholds (RULES.md), made from the ages that
were planned and not from the product's judgement. Ages keep two days away from every threshold, so that
they hold while a lab runs and the real day moves on.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from moto.iam.models import (
    AccessKey,
    AccessKeyLastUsed,
    Group,
    InstanceProfile,
    ManagedPolicy,
    MFADevice,
    OpenIDConnectProvider,
    PolicyVersion,
    Role,
    SAMLProvider,
    SigningCertificate,
    SshPublicKey,
    User,
    VirtualMfaDevice,
)

from collectors.lab.labels import Label
from collectors.lab.population import verdicts
from collectors.lab.repairs.managed_policies import PREFIX
from collectors.lab.sessions import ID_LETTERS
from collectors.lab.world import Account, World

REGION = "us-east-1"
DAY_JITTER_SECONDS = 20_000
SECRET_LETTERS = ID_LETTERS + ID_LETTERS.lower() + "89/+"


class Builder:
    """One account under construction; `chance` is the only source of variety."""

    def __init__(self, world: World, account: Account) -> None:
        self.world = world
        self.account = account
        self.id = account.id
        self.as_of = world.settings.as_of
        self.chance = Random(f"{world.settings.seed}/{account.index}/{account.id}")
        self.iam = world.iam(account.id)

    # -- small things

    def ago(self, days: float) -> datetime:
        """So many days before as_of, at some second of the day."""
        return self.as_of - timedelta(days=days, seconds=self.chance.randrange(60, DAY_JITTER_SECONDS))

    def unique_id(self, prefix: str, size: int = 17) -> str:
        return prefix + "".join(self.chance.choices(ID_LETTERS, k=size))

    def label(self, state: str, code: str, kind: str, name: str, why: str, part: str = "") -> None:
        self.world.labels.append(Label(self.id, code, kind, name, part, state, why))

    def open(self, code: str, kind: str, name: str, why: str, part: str = "") -> None:
        self.label("open", code, kind, name, why, part)

    def clear(self, code: str, kind: str, name: str, why: str, part: str = "") -> None:
        self.label("clear", code, kind, name, why, part)

    def judged(self, kind: str, name: str, found: Iterable[verdicts.Verdict]) -> None:
        for state, code, why, part in found:
            self.label(state, code, kind, name, why, part)

    def attach(self, holder: Role | User | Group, arns: Iterable[str]) -> None:
        """By ARN, or by the path and name of an AWS-managed policy ("/service-role/AWSGlueServiceRole")."""
        for arn in arns:
            policy = self.iam.managed_policies[arn if arn.startswith("arn:") else PREFIX + arn]
            policy.attach_to(holder)

    # -- principals

    def role(
        self,
        name: str,
        trust: str,
        *,
        path: str = "/",
        created: float = 400,
        used: float | None = 1,
        attached: Iterable[str] = (),
        inline: dict[str, str] | None = None,
        boundary: str | None = None,
        tags: dict[str, str] | None = None,
        session: int = 3600,
        advisor: dict[str, int] | None = None,
    ) -> Role:
        """A role; `used` None is no RoleLastUsed, `advisor` is what only Access Advisor saw (service, days)."""
        tag_list = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        role = Role(self.id, "aws", self.unique_id("AROA"), name, trust, path, boundary, "", tag_list, str(session))
        role.create_date = self.ago(created)
        if used is not None:
            role.last_used, role.last_used_region = self.ago(used), "eu-west-1"
        role.policies.update(inline or {})
        self.attach(role, attached)
        self.iam.roles[role.id] = role
        if advisor:
            self.world.last_accessed[role.arn] = dict(advisor)
        self.judged("role", name, verdicts.of_role(path, created, used, min(advisor.values()) if advisor else None))
        return role

    def user(
        self,
        name: str,
        *,
        created: float = 400,
        password: tuple[float, float | None] | None = None,
        mfa: str = "",
        groups: Iterable[str] = (),
        attached: Iterable[str] = (),
        inline: dict[str, str] | None = None,
        boundary: str | None = None,
        tags: dict[str, str] | None = None,
        path: str = "/",
    ) -> User:
        """A user; `password` is (days since changed, days since used or None), `mfa` "", "virtual" or "hardware"."""
        user = User(self.id, REGION, name, path)
        user.id = self.unique_id("AIDA")
        user.create_date = self.ago(created)
        user.permissions_boundary_arn = boundary
        if password:
            changed, used = password
            user.password = b64encode(name.encode()).decode()  # never shown, only that there is one
            user.password_last_changed = user.create_date if changed == created else self.ago(changed)
            user.password_last_used = None if used is None else self.ago(used)
        user.policies.update(inline or {})
        self.attach(user, attached)
        if tags:
            self.iam.tagger.tag_resource(user.arn, [{"Key": key, "Value": value} for key, value in tags.items()])
        self.iam.users[name] = user
        for group in groups:
            self.iam.groups[group].users.append(user)
        if mfa:
            self.mfa_device(user, mfa)
        self.judged("user", name, verdicts.of_user(password, bool(mfa)))
        return user

    def mfa_device(self, user: User, kind: str) -> None:
        """A virtual device has an ARN, a hardware device only its serial number."""
        serial = f"arn:aws:iam::{self.id}:mfa/{user.name}"
        if kind == "hardware":
            serial = f"GAHT{self.chance.randrange(10**7, 10**8)}"
        device = MFADevice(serial, "", "")
        device.enable_date = self.mfa_since(user, kind)
        user.mfa_devices[serial] = device
        if kind == "hardware":
            return
        virtual = VirtualMfaDevice.__new__(
            VirtualMfaDevice
        )  # its own __init__ draws from moto's and the system's chance
        virtual.serial_number, virtual.enable_date, virtual.user = serial, device.enable_date, user
        virtual.user_attribute = {
            "Path": user.path,
            "UserName": user.name,
            "UserId": user.id,
            "Arn": user.arn,
            "CreateDate": user.create_date,
        }
        self.iam.virtual_mfa_devices[serial] = virtual

    def mfa_since(self, user: User, kind: str) -> datetime:
        """Half of the people set their phones up in the last half year, the others with their account."""
        chance = Random(f"{self.world.settings.seed}/mfa/{user.id}")
        if kind == "hardware" or chance.random() < 0.5:
            return user.create_date
        return max(user.create_date, self.as_of - timedelta(days=chance.uniform(3, 180)))

    def key(
        self,
        user: User,
        created: float | None,
        used: float | None,
        *,
        service: str = "s3",
        region: str = "eu-west-1",
        active: bool = True,
    ) -> AccessKey:
        """A key; `created` None is made with the user, in the same minute."""
        key = AccessKey(user.name, "AKIA", self.id, "Active" if active else "Inactive")
        key.access_key_id = self.unique_id("AKIA", 16)
        key.secret_access_key = "".join(self.chance.choices(SECRET_LETTERS, k=40))
        key.create_date = user.create_date + timedelta(seconds=20) if created is None else self.ago(created)
        if used is not None:
            key.last_used = AccessKeyLastUsed(self.ago(used), service, region)
        user.access_keys.append(key)
        self.iam.access_keys[key.access_key_id] = key
        age = (self.as_of - key.create_date).total_seconds() / 86_400
        self.judged("key", key.access_key_id, verdicts.of_key(age, used, active, created is None))
        return key

    def signing_certificate(self, user: User) -> None:
        """An active X.509 certificate of a user."""
        made = SigningCertificate(self.unique_id("", 24), user.name, "-----BEGIN CERTIFICATE-----")
        made.upload_date = user.create_date
        user.signing_certificates[made.id] = made
        self.open("KY113", "user", user.name, "an active signing certificate", "signing certificate")

    def ssh_key(self, user: User) -> None:
        """An active SSH key for CodeCommit, as old as its user."""
        made = SshPublicKey.__new__(SshPublicKey)  # its own __init__ draws from moto's chance
        made.user_name, made.status, made.upload_date = user.name, "Active", user.create_date
        made.ssh_public_key_id = self._drawn_for(user, "APKA")
        user.ssh_public_keys.append(made)
        self.open("KY113", "user", user.name, "an active SSH key", "SSH key")

    def service_credential(self, user: User, service: str, *, active: bool = True) -> None:
        """A password or API key for one service ("codecommit"), as old as its user."""
        made = {
            "UserName": user.name,
            "Status": "Active" if active else "Inactive",
            "ServiceUserName": f"{user.name}-at-{self.id}",
            "CreateDate": user.create_date,
            "ServiceSpecificCredentialId": self._drawn_for(user, "ACCA"),
            "ServiceName": f"{service}.amazonaws.com",
        }
        self.world.service_credentials.setdefault(self.id, []).append(made)
        if active:
            self.open("KY113", "user", user.name, f"an active credential for {service}", service)
        else:
            self.clear("KY113", "user", user.name, "its credential was switched off")

    def works_for_a_service(self, user: User) -> bool:
        made = self.world.service_credentials.get(self.id, ())
        return any(one["UserName"] == user.name and one["Status"] == "Active" for one in made)

    def _drawn_for(self, user: User, prefix: str) -> str:
        """An id from a chance of its own, so that everything else stays what it is without it."""
        chance = Random(f"{self.world.settings.seed}/{prefix}/{user.id}")
        return prefix + "".join(chance.choices(ID_LETTERS, k=16))

    def group(self, name: str, attached: Iterable[str] = (), inline: dict[str, str] | None = None) -> Group:
        group = Group(self.id, REGION, name)
        group.id = self.unique_id("AGPA")
        group.create_date = self.ago(800)
        group.policies.update(inline or {})
        self.attach(group, attached)
        self.iam.groups[name] = group
        return group

    # -- policies and providers

    def policy(
        self, name: str, *versions: str, created: float = 500, path: str = "/", renewed: float | None = None
    ) -> ManagedPolicy:
        """A customer-managed policy; the last version is the default one, each a month after the one before, or the last
        one `renewed` days ago."""
        policy = ManagedPolicy(name, self.id, REGION, document=versions[0], path=path)
        policy.id = self.unique_id("ANPA")
        policy.create_date = policy.update_date = policy.versions[0].create_date = self.ago(created)
        for number, document in enumerate(versions[1:], start=2):
            policy.versions[-1].is_default = False
            moment = policy.create_date + timedelta(days=30 * (number - 1))
            if renewed is not None and number == len(versions):
                moment = self.ago(renewed)
            policy.versions.append(PolicyVersion(policy.arn, document, True, f"v{number}", moment))
            policy.default_version_id, policy.update_date = f"v{number}", moment
        policy.next_version_num = len(versions) + 1
        self.iam.managed_policies[policy.arn] = policy
        return policy

    def instance_profile(self, name: str, roles: list[Role]) -> InstanceProfile:
        profile = InstanceProfile(self.id, REGION, self.unique_id("AIPA"), name, "/", roles)
        profile.create_date = roles[0].create_date if roles else self.ago(900)
        self.iam.instance_profiles[profile.id] = profile
        return profile

    def oidc_provider(self, url: str, audience: str = "sts.amazonaws.com") -> str:
        """ARN of the account's provider for an issuer, made when first asked for."""
        arn = f"arn:aws:iam::{self.id}:oidc-provider/{url}"
        if arn not in self.iam.open_id_providers:
            provider = OpenIDConnectProvider(
                self.id, REGION, f"https://{url}", ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"], [audience], {}
            )
            provider.create_date = self.ago(700)
            self.iam.open_id_providers[arn] = provider
        return arn

    def saml_provider(self, name: str) -> str:
        provider = SAMLProvider(self.id, REGION, name, "<EntityDescriptor/>")
        provider.create_date = self.ago(900)
        provider.valid_until = self.as_of + timedelta(days=1500)
        return self.iam.saml_providers.setdefault(provider.arn, provider).arn
