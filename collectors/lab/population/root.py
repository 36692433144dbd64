"""The root user, the password policy, the alias and other account settings: KY101, AB101, AB102, AB104, MO110."""

from moto.account.models import AlternateContact, account_backends
from moto.iam.models import AccountPasswordPolicy

from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.world import RootKey, RootUser

WINDOW_DAYS = 90
# place in the dozen -> password (days since changed, days since used), MFA kind, key (days since made, since used)
Plan = tuple[tuple[float, float | None] | None, str, tuple[float, float] | None]
IN_ORDER: Plan = ((1500, 300), "hardware", None)
REMOVED: Plan = (None, "", None)
PLANS: dict[int, Plan] = {
    2: ((1400, None), "", (1400, 500)),
    4: ((1500, 200), "virtual", None),
    6: ((1500, 420), "hardware", (1300, 410)),
    8: ((1400, None), "", None),
    11: ((1700, 30), "", (700, 3)),
}
MANAGEMENT: Plan = ((900, 12), "hardware", None)


def plan(index: int) -> Plan:
    if index == 0:
        return MANAGEMENT
    return PLANS.get(index % 12, REMOVED if index % 3 == 0 else IN_ORDER)


@planted()
def root_user(b: Builder) -> None:
    password, mfa, key = plan(b.account.index)
    root = RootUser(created=b.ago(2400 - 3 * b.account.index), mfa=mfa)
    uses: list[float] = []
    if password:
        changed, used = password
        root.password_changed = b.ago(changed)
        if used is not None:
            root.password_used = b.ago(used)
            uses.append(used)
    if key:
        made, used = key
        root.keys.append(RootKey(b.ago(made), b.ago(used), "us-east-1", "iam"))
        uses.append(used)
    b.world.root_users[b.id] = root
    judge_root(b, root, uses)


def judge_root(b: Builder, root: RootUser, uses: list[float]) -> None:
    credentials = bool(root.password_changed or root.keys)
    if root.keys:
        b.open("KY101", "account", b.id, "root has an active access key")
    else:
        b.clear("KY101", "account", b.id, "root has no access key")
    if not credentials:
        for code in ("AB101", "AB102"):
            b.clear(code, "account", b.id, "root has no credentials: removed by central root management")
    elif not root.mfa:
        b.open("AB101", "account", b.id, "root has credentials and no MFA device")
        b.clear("AB102", "account", b.id, "no MFA at all: AB101 stands for it")
    else:
        b.clear("AB101", "account", b.id, f"root has a {root.mfa} MFA device")
        state = b.open if root.mfa == "virtual" else b.clear
        state("AB102", "account", b.id, f"root has a {root.mfa} MFA device")
    if uses and min(uses) <= WINDOW_DAYS:
        b.open("MO110", "account", b.id, "root used in the window")
    elif uses:
        b.clear("MO110", "account", b.id, "root used before the window")


@planted()
def alias(b: Builder) -> None:
    if b.account.index % 4 != 3:
        b.iam.account_aliases = [b.account.name if b.account.name.startswith("halden") else f"halden-{b.account.name}"]


@planted()
def password_policy(b: Builder) -> None:
    """Most accounts have a strong policy, some a weak one, some none."""
    if b.account.index % 6 == 3:
        return
    weak = b.account.index % 4 == 1
    b.iam.account_password_policy = AccountPasswordPolicy(
        allow_change_password=True,
        hard_expiry=False,
        max_password_age=90 if b.account.index % 5 == 0 else 0,
        minimum_password_length=8 if weak else 14,
        password_reuse_prevention=3 if weak else 24,
        require_lowercase_characters=True,
        require_numbers=not weak,
        require_symbols=not weak,
        require_uppercase_characters=True,
    )


@planted()
def security_contact(b: Builder) -> None:
    """Every fourth account names nobody."""
    if b.account.index % 4 == 2:
        b.open("AB104", "account", b.id, "no security contact")
        return
    contact = AlternateContact("SECURITY", "Security", "Security team", "security@halden.example", "+46 8 000 00 00")
    account_backends[b.id]["aws"].put_alternate_contact(**vars(contact))
    b.clear("AB104", "account", b.id, "names a security contact")


@planted()
def organization_view(b: Builder) -> None:
    """Findings about the place in the organization and the analyzer (see repairs.access_analyzer)."""
    b.clear("AB108", "account", b.id, "in the organization")
    if b.account.index % 6 == 5:
        b.open("MO109", "account", b.id, "no external-access analyzer")
    else:
        b.clear("MO109", "account", b.id, "one in each region, and the organization's for unused access")
    if b.account.index == 0:
        b.clear("GR104", "account", b.id, "SCPs never bind the management account")
        b.clear("GR105", "organization", b.world.organization_id, "SCPs are enabled")
        b.open("GR112", "organization", b.world.organization_id, "central root credentials, and no root sessions")
        b.open("GR109", "organization", b.world.organization_id, "CloudTrail and SSO have no delegate", "services")
        b.clear("GR109", "organization", b.world.organization_id, "a resource policy delegates them", "policies")
        b.open("GR107", "organization", b.world.organization_id, "the RCP type is not enabled")
    elif b.account.ou == "":
        b.open("GR104", "account", b.id, "FullAWSAccess only at every level")
    else:
        b.clear("GR104", "account", b.id, "an SCP of its OU denies something")
