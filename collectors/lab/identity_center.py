"""Identity Center of the organization: the permission sets behind its AWSReservedSSO roles, and who has them where.

Groups have most; a few people have one themselves, in an account or two, as it comes to be everywhere.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from random import Random
from uuid import UUID

from moto.identitystore.models import Group, IdentityStoreData, User, identitystore_backends
from moto.ssoadmin.models import AccountAssignment, ManagedPolicy, PermissionSet, SSOAdminBackend

from collectors.lab.organization import identifier
from collectors.lab.repairs.identity_center import HOME, center
from collectors.lab.repairs.managed_policies import PREFIX
from collectors.lab.trail.ordinary import people
from collectors.lab.world import Account, World

GROUPS = {"AdministratorAccess": "cloud-admins", "ReadOnly": "auditors", "Developer": "developers"}
UNASSIGNED = "Billing"  # a permission set that nobody has anywhere
ADMINISTRATORS, DIRECTLY = 3, 5  # people in the group; every so manieth account has one who is assigned himself
AGE = timedelta(days=800)


def build(world: World) -> None:
    """Once the accounts have their roles."""
    chance = Random(f"{world.settings.seed}/identity-center")
    backend = center(world)
    instance = backend.instances[0]
    instance.instance_arn = f"arn:aws:sso:::instance/ssoins-{identifier(chance, 16)}"
    instance.identity_store_id = f"d-{identifier(chance, 10)}"
    instance.created_date = (world.settings.as_of - AGE).timestamp()
    store = identitystore_backends[world.management.id][HOME].identity_stores[instance.identity_store_id] = (
        IdentityStoreData()
    )
    ids = fill(store, instance.identity_store_id, people(world.settings.seed), chance)
    for name, (arns, accounts) in {UNASSIGNED: ([f"{PREFIX}/job-function/Billing"], []), **held(world)}.items():
        made = permission_set(world, backend, name, arns, chance)
        made.accounts = [account.id for account in accounts]  # type: ignore[attr-defined]
        for account in accounts:
            backend.account_assignments += assignments(account, made, ids)


def fill(store: IdentityStoreData, store_id: str, everybody: Iterable[str], chance: Random) -> dict[str, str]:
    """Users and groups with their members. Returns name -> id."""
    ids: dict[str, str] = {}
    for mail in everybody:
        ids[mail] = str(UUID(int=chance.getrandbits(128)))
        name = mail.partition("@")[0].replace(".", " ").title()
        rest = ("", "", [{"Value": mail}], [], [], "", "", "", "", "")
        store.users[ids[mail]] = User(ids[mail], store_id, mail, None, name, *rest)
    mails = list(ids)
    inside = {"cloud-admins": mails[:ADMINISTRATORS], "auditors": mails[1::4], "developers": mails}
    for name, members in inside.items():
        ids[name] = str(UUID(int=chance.getrandbits(128)))
        store.groups[ids[name]] = Group(ids[name], name, [], "", store_id)
        for mail in members:
            number = str(UUID(int=chance.getrandbits(128)))
            store.group_memberships[number] = {
                "IdentityStoreId": store_id,
                "MembershipId": number,
                "GroupId": ids[name],
                "MemberId": {"UserId": ids[mail]},
            }
    return ids


def permission_set(world: World, backend: SSOAdminBackend, name: str, arns: list[str], chance: Random) -> PermissionSet:
    instance = backend.instances[0]
    made = PermissionSet(name, "", instance.instance_arn, "PT8H", "", [])
    made.permission_set_arn = (
        f"{instance.instance_arn.replace(':instance/', ':permissionSet/')}/ps-{identifier(chance, 16)}"
    )
    made.created_date = (world.settings.as_of - AGE).timestamp()
    made.managed_policies = [ManagedPolicy(arn, arn.rpartition("/")[2]) for arn in arns]
    made.boundary = None  # type: ignore[attr-defined]
    backend.permission_sets.append(made)
    return made


def held(world: World) -> dict[str, tuple[list[str], list[Account]]]:
    """Permission set -> the policies that its roles have, and the accounts that have a role of it."""
    found: dict[str, tuple[list[str], list[Account]]] = {}
    for account in world.accounts:
        for role in world.iam(account.id).roles.values() if account.status == "ACTIVE" else ():
            if role.name.startswith("AWSReservedSSO_"):
                name = role.name.split("_")[1]
                found.setdefault(name, (list(role.managed_policies), []))[1].append(account)
    return found


def assignments(account: Account, made: PermissionSet, ids: dict[str, str]) -> Iterator[AccountAssignment]:
    yield assignment(account, made, "GROUP", ids[GROUPS[made.name]])
    if made.name == "AdministratorAccess" and account.index % DIRECTLY == 0:
        yield assignment(account, made, "USER", list(ids.values())[account.index % ADMINISTRATORS + ADMINISTRATORS])


def assignment(account: Account, made: PermissionSet, kind: str, principal: str) -> AccountAssignment:
    return AccountAssignment(made.instance_arn, account.id, "AWS_ACCOUNT", made.permission_set_arn, kind, principal)
