"""What a path could gain on this ground for one caller: the prerequisites, strongest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.records import Entity, Policy, Principal, Role, User
from findings.analysis.escalation.answers import Answer
from findings.analysis.escalation.asking import BOUNDARY, Asker
from findings.analysis.escalation.ground import carries
from findings.analysis.escalation.making import first
from findings.analysis.escalation.model import Needs, On, Path
from findings.analysis.escalation.once import Once
from findings.analysis.escalation.strength import Strength, everything, strength
from findings.policy.compiled import Compiled, effective, masks
from findings.policy.evaluate import By, Layer
from findings.policy.request import Context

ADMINISTRATOR = "arn:{partition}:iam::aws:policy/AdministratorAccess"
PASS = "iam:PassRole"  # noqa: S105 - an action
MOST_VERSIONS = 5
# AWSAppRunnerFullAccess passes to the first; the role of an instance trusts the second.
OTHER_NAMES = {"tasks.apprunner.amazonaws.com": "apprunner.amazonaws.com"}


@dataclass(frozen=True, slots=True)
class Target:
    """gained: what the caller gets, or changes to get it. on: the ARN that each kind of step is done on. contexts: the
    circumstances of the steps, of which one is enough. passed: the role that is handed to a service. by: a guardrail that
    leaves nothing worth having, though the steps may be allowed. unseen: what must be there besides and was not seen.
    lacks: whether it is known not to be there yet. free: how strong it would make the caller without guardrails."""

    gained: Entity | None
    strength: Strength
    on: Mapping[On, str] = field(default_factory=dict)
    contexts: tuple[Context, ...] = ({},)
    passed: Role | None = None
    by: tuple[By, ...] = ()
    unseen: tuple[str, ...] = ()
    lacks: bool = False
    free: Strength = Strength.NONE


def targets(path: Path, asker: Asker) -> Iterator[Target]:
    yield from _FINDERS[path.needs](path, asker)


def _itself(asker: Asker, gained: Entity, on: Mapping[On, str], granted: Compiled | None = None) -> Iterator[Target]:
    """The caller gets permissions, any if granted is None; its guardrails still hold. Nothing, if it has all that they
    leave."""
    permissions, principal = asker.permissions, asker.principal
    limits = permissions.limits(principal)
    within = effective(granted, permissions.boundary(principal), limits) if granted else asker.ground.ceiling(principal)
    if worth := asker.gain(within):
        free = asker.gain(effective(granted, None, ())) if granted else Strength.ADMIN
        yield Target(gained, worth, on, free=free)
        return
    granted = granted or everything()
    if principal.boundary and (worth := asker.gain(effective(granted, None, limits))):
        yield Target(gained, worth, on, by=(By(Layer.BOUNDARY, principal.boundary, ""),))
    elif strength(within) is Strength.NONE and (worth := asker.gain(effective(granted, None, ()))):
        yield Target(gained, worth, on, by=(By(Layer.SCP, "", ""),))


def _self_role(path: Path, asker: Asker) -> Iterator[Target]:
    if isinstance(asker.principal, Role) and not asker.principal.reserved:
        yield from _itself(asker, asker.principal, {On.TARGET: asker.principal.arn})


def _self_user(path: Path, asker: Asker) -> Iterator[Target]:
    if isinstance(asker.principal, User):
        yield from _itself(asker, asker.principal, {On.TARGET: asker.principal.arn})


def _own_policies(asker: Asker) -> Iterator[Policy]:
    groups = asker.permissions.library.groups(asker.principal)
    for arn in dict.fromkeys(arn for holder in (asker.principal, *groups) for arn in holder.attached):
        policy = asker.ground.facts.policy_by_arn.get(arn)
        if policy and not policy.aws_managed:
            yield policy


def _own_policy(path: Path, asker: Asker) -> Iterator[Target]:
    for policy in _own_policies(asker):
        if _room_for_version(asker, policy):
            yield from _itself(asker, policy, {On.POLICY: policy.arn})


def _room_for_version(asker: Asker, policy: Policy) -> bool:
    """A policy has five versions at most; a sixth takes the right to delete one."""
    return len(policy.versions) < MOST_VERSIONS or asker.may("iam:DeletePolicyVersion", policy.arn) is not None


def _own_version(path: Path, asker: Asker) -> Iterator[Target]:
    for policy in _own_policies(asker):
        for version in asker.ground.versions(policy):
            granted = masks((asker.permissions.sets(asker.principal), version))
            yield from _itself(asker, policy, {On.POLICY: policy.arn}, granted)


def _own_group(path: Path, asker: Asker) -> Iterator[Target]:
    for group in asker.permissions.library.groups(asker.principal):
        yield from _itself(asker, group, {On.TARGET: group.arn})


def _own_boundary(path: Path, asker: Asker) -> Iterator[Target]:
    kind = "Role" if isinstance(asker.principal, Role) else "User"
    if kind in path.steps[0].action and (worth := _unbound(asker)):
        boundary = asker.ground.facts.policy_by_arn.get(asker.principal.boundary or "")
        arn = ADMINISTRATOR.format(partition=asker.ground.partition)
        context: Context = {BOUNDARY: (arn,)} if ":Put" in path.steps[0].action else {}
        yield Target(boundary, worth, {On.TARGET: asker.principal.arn}, (context,))


def _own_boundary_policy(path: Path, asker: Asker) -> Iterator[Target]:
    boundary = asker.ground.facts.policy_by_arn.get(asker.principal.boundary or "")
    if boundary and not boundary.aws_managed and (worth := _unbound(asker)):
        yield Target(boundary, worth, {On.POLICY: boundary.arn})


def _unbound(asker: Asker) -> Strength:
    """What the caller would be worth without its boundary, if that is more."""
    if asker.principal.boundary is None:
        return Strength.NONE
    granted = asker.permissions.sets(asker.principal)
    return asker.gain(effective(granted, None, asker.permissions.limits(asker.principal)))


def _group(path: Path, asker: Asker) -> Iterator[Target]:
    if not isinstance(asker.principal, User):
        return
    for group in asker.candidates(path.actions, "strong groups", asker.ground.strong_groups):
        if group.name not in asker.principal.groups:
            yield from _itself(asker, group, {On.TARGET: group.arn}, asker.permissions.sets(group))


def _user(wanted: Callable[[Asker, User], bool]) -> Callable[[Path, Asker], Iterator[Target]]:
    def find(path: Path, asker: Asker) -> Iterator[Target]:
        for user in asker.candidates(path.actions, "strong users", asker.ground.strong_users):
            if wanted(asker, user) and (worth := _worth(asker, user)):
                yield Target(user, worth, {On.TARGET: user.arn}, unseen=_unseen(path, asker, user))

    return find


def _unseen(path: Path, asker: Asker, user: User) -> tuple[str, ...]:
    password = path.needs in (Needs.USER_WITH_PASSWORD, Needs.USER_WITHOUT_PASSWORD)
    if password and asker.ground.password(user) is None:
        return (f"whether user {user.name} has a password is not known",)
    if path.needs is Needs.USER_WITH_ROOM and not asker.ground.facts.complete("iam:ListAccessKeys"):
        return (f"how many access keys user {user.name} has is not known",)
    return ()


def _any_user(path: Path, asker: Asker) -> Iterator[Target]:
    for user in asker.candidates(path.actions, "users", asker.ground.users):
        worth = _made_strong(asker, user)
        if worth and asker.ground.room_for_key(user):
            yield Target(user, worth, {On.TARGET: user.arn})


def _role(path: Path, asker: Asker) -> Iterator[Target]:
    roles = asker.ground.strong_changeable_roles
    for role in asker.candidates(path.actions[:1], "strong changeable roles", roles):
        if worth := _worth(asker, role):
            yield Target(role, worth, {On.TARGET: role.arn, On.TAKEN: role.arn})


def _trusting_role(path: Path, asker: Asker) -> Iterator[Target]:
    for role in asker.doors(strong=True):
        if worth := _worth(asker, role):
            yield Target(role, worth, {On.ASSUMED: role.arn})


def _any_trusting_role(path: Path, asker: Asker) -> Iterator[Target]:
    for role in asker.doors(False, path.steps[0].action):
        if not role.service_linked and not role.reserved and (worth := _made_strong(asker, role)):
            yield Target(role, worth, {On.TARGET: role.arn, On.ASSUMED: role.arn})


def _policy_of_trusting_role(path: Path, asker: Asker) -> Iterator[Target]:
    for role in asker.doors(strong=False):
        held = (asker.ground.facts.policy_by_arn.get(arn) for arn in role.attached)
        policies = tuple(policy for policy in held if policy and not policy.aws_managed)
        if policies and not role.reserved and (worth := _made_strong(asker, role)):
            for policy in asker.candidates((path.steps[0].action,), "", policies):
                if _room_for_version(asker, policy):
                    yield Target(role, worth, {On.POLICY: policy.arn, On.ASSUMED: role.arn})


def _any_role(path: Path, asker: Asker) -> Iterator[Target]:
    for role in asker.candidates(path.actions, "changeable roles", asker.ground.changeable_roles):
        if worth := _made_strong(asker, role):
            yield Target(role, worth, {On.TARGET: role.arn, On.TAKEN: role.arn})


def _policy_of_role(path: Path, asker: Asker) -> Iterator[Target]:
    for policy in asker.candidates((path.steps[0].action,), "policies on roles", asker.ground.policies_on_roles):
        if not _room_for_version(asker, policy):
            continue
        roles = asker.ground.roles_by_policy[policy.arn]
        for role in asker.candidates((path.steps[1].action,), f"roles with {policy.arn}", roles):
            if worth := _made_strong(asker, role):
                yield Target(role, worth, {On.POLICY: policy.arn, On.TARGET: role.arn, On.TAKEN: role.arn})


def _nothing(path: Path, asker: Asker) -> Iterator[Target]:
    """It is born without a boundary: only the SCPs hold."""
    ceiling = asker.ground.ceiling_of_new(asker.principal)
    if worth := asker.gain(ceiling):
        yield Target(None, worth, contexts=({BOUNDARY: None},))
    elif strength(ceiling) is Strength.NONE:
        yield Target(None, Strength.ADMIN, contexts=({BOUNDARY: None},), by=(By(Layer.SCP, "", ""),))


def _passed_role(path: Path, asker: Asker) -> Iterator[Target]:
    for service in path.services:
        for role, _ in passed(asker, service, f"passable to {service}", asker.ground.passable(service)):
            if worth := _worth(asker, role):
                lacks = _profile(role, service)
                contexts = passing_to(service, asker.ground.partition)
                yield Target(role, worth, {On.PASSED: role.arn}, contexts, role, unseen=lacks, lacks=bool(lacks))


def passed(asker: Asker, service: str, pool: str, roles: tuple[Role, ...]) -> Iterable[tuple[Role, Answer]]:
    """Those of the roles that the caller may pass to the service, and how. Of roles that its policies do not tell apart one is
    asked about. pool names the roles, which are the same for all callers."""
    key, known = (pool, asker.alike(PASS)), asker.shared.passed
    if key not in known:
        known[key] = Once(_passed(asker, service, pool, roles))
    return known[key]


def _passed(asker: Asker, service: str, pool: str, roles: tuple[Role, ...]) -> Iterator[tuple[Role, Answer]]:
    refused: set[object] = set()
    contexts = passing_to(service, asker.ground.partition)
    for role in asker.candidates((PASS,), pool, roles):
        apart = asker.told_apart(PASS, role.arn)
        if apart in refused:
            continue
        if answer := first(asker.may(PASS, role.arn, context) for context in contexts):
            yield role, answer
        elif not asker.tells_apart(PASS):
            return
        else:
            refused.add(apart)


def _running_role(path: Path, asker: Asker) -> Iterator[Target]:
    for service in path.services:
        for role in asker.ground.carried(service):
            if worth := _worth(asker, role):
                what = service.removesuffix(".amazonaws.com")
                yield Target(
                    role, worth, unseen=(f"whether anything of {what} runs with role {role.name} is not collected",)
                )
                return


def passing_to(service: str, partition: str) -> tuple[Context, ...]:
    """What iam:PassedToService may say when a role is passed to the service."""
    names = [service, *([OTHER_NAMES[service]] if service in OTHER_NAMES else [])]
    if partition == "aws-cn":
        names += [f"{name}.cn" for name in names]
    return tuple({"iam:passedtoservice": (name,)} for name in names)


def _profile(role: Role, service: str) -> tuple[str, ...]:
    return () if carries(service, role) else (f"role {role.name} is in no instance profile",)


def _worth(asker: Asker, other: Role | User) -> Strength:
    """What taking the other over is worth to the caller: what it may do, and what it can make itself."""
    if other.unique_id == asker.principal.unique_id:
        return Strength.NONE
    itself = asker.ground.worth(other)
    return asker.gain(asker.ground.reach(other), asker.ground.strength(other)) or (
        itself if itself > asker.strength else Strength.NONE
    )


def _made_strong(asker: Asker, other: Principal) -> Strength:
    """What the other is worth once it was given any permission."""
    if other.unique_id == asker.principal.unique_id:
        return Strength.NONE
    return asker.gain(asker.ground.ceiling(other))


_FINDERS: Mapping[Needs, Callable[[Path, Asker], Iterable[Target]]] = {
    Needs.SELF_ROLE: _self_role,
    Needs.SELF_USER: _self_user,
    Needs.OWN_POLICY: _own_policy,
    Needs.OWN_VERSION: _own_version,
    Needs.OWN_GROUP: _own_group,
    Needs.OWN_BOUNDARY: _own_boundary,
    Needs.OWN_BOUNDARY_POLICY: _own_boundary_policy,
    Needs.GROUP: _group,
    Needs.USER_WITH_ROOM: _user(lambda asker, user: asker.ground.room_for_key(user)),
    Needs.USER_WITH_KEYS: _user(lambda asker, user: not asker.ground.room_for_key(user)),
    Needs.USER_WITHOUT_PASSWORD: _user(lambda asker, user: asker.ground.password(user) is not True),
    Needs.USER_WITH_PASSWORD: _user(lambda asker, user: asker.ground.password(user) is not False),
    Needs.ANY_USER: _any_user,
    Needs.NEW_USER: _nothing,
    Needs.ROLE: _role,
    Needs.TRUSTING_ROLE: _trusting_role,
    Needs.ANY_TRUSTING_ROLE: _any_trusting_role,
    Needs.POLICY_OF_TRUSTING_ROLE: _policy_of_trusting_role,
    Needs.ANY_ROLE: _any_role,
    Needs.POLICY_OF_ROLE: _policy_of_role,
    Needs.NEW_ROLE: _nothing,
    Needs.PASSED_ROLE: _passed_role,
    Needs.RUNNING_ROLE: _running_role,
}
