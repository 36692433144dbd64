"""Facts as pages need them: of one principal with all that binds it, or of whole accounts.

What binds an account from its organization is that of its last judgement; the organization's other accounts stay unseen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.utils import timezone

from collectors import records
from collectors.models import AccessKey, Account, Coverage, Credential, Document, Group, LastAccessed, Policy, Principal
from collectors.models.activity_view import read_use
from findings.analysis.facts import Facts, Settings
from findings.analysis.guardrails import Guardrails
from findings.analysis.stored_guardrails import Stored, from_stored
from findings.engine.decided import settings_of
from findings.models import AccountGuardrails
from iamdash.pages import acting
from iamdash.pages.narrowing import NOTHING, STANDS_FOR_OTHERS, Narrowing, without

NOT_JUDGED = Stored(Guardrails(None, None, "SCPs and RCPs are not visible: the account was not judged yet."), {})
Parts = Mapping[str, Sequence[Any]]
Bodies = dict[int, dict[str, Any]]


def facts_of(principals: Iterable[Principal], account: Account, kinds: Mapping[str, str] | None = None) -> Facts:
    """Principals of one account, their policies, groups and boundaries: what they may do, not who else there is. kinds: as of
    `settings_of`."""
    known = [principal.as_record for principal in principals]
    users = [record for record in known if isinstance(record, records.User)]
    names = {name for user in users for name in user.groups}
    groups = [group.as_record for group in Group.present.filter(account=account, name__in=names)]
    arns = {arn for holder in (*known, *groups) for arn in holder.attached} | {r.boundary for r in known if r.boundary}
    advised = LastAccessed.present.filter(account=account, unique_id__in=[record.unique_id for record in known])
    parts: dict[str, list[Any]] = {
        "roles": [record for record in known if isinstance(record, records.Role)],
        "users": users,
        "groups": groups,
        "policies": [policy.as_record for policy in Policy.present.filter(account=account, arn__in=arns)],
        "last_accessed": [_advised(row) for row in advised],
    }
    settings = settings_of(account, names=acting.names(), kinds=kinds)
    (facts,) = _facts([account], {account.pk: parts}, settings=settings)
    return facts


def with_use(facts: Facts, principals: Iterable[Principal], account: Account, resources: bool = False) -> Facts:
    """And what was seen of their use: calls, keys, and with `resources` what calls named."""
    known = [principal.as_record for principal in principals]
    users = [record.arn for record in known if isinstance(record, records.User)]
    keys = AccessKey.present.filter(account=account, user_arn__in=users) if users else ()
    told = read_use(account, [record.unique_id for record in known], resources)
    snapshot = msgspec.structs.replace(facts.snapshot, keys=tuple(key.as_record for key in keys), **told)
    return Facts(snapshot, facts.settings, facts.guardrails)


def whole(accounts: Sequence[Account]) -> Iterator[tuple[Account, Facts]]:
    """Whole accounts, in order, with as many queries for all as for one."""
    parts = _parts(accounts, {"groups": Group, "policies": Policy, "keys": AccessKey, "credentials": Credential})
    yield from zip(accounts, _facts(accounts, parts), strict=True)


def whole_for(accounts: Sequence[Account], narrowing: Narrowing) -> Iterator[tuple[Account, Facts]]:
    """Whole accounts as far as it takes to tell who can do these actions: of other documents it says nothing."""
    parts = _parts(accounts, {"groups": Group, "policies": Policy})
    for some in parts.values():
        some["policies"] = [msgspec.structs.replace(policy, versions=()) for policy in some["policies"]]
    yield from zip(accounts, _facts(accounts, parts, narrowing), strict=True)


def _parts(accounts: Sequence[Account], kinds: Mapping[str, Any]) -> dict[int, dict[str, list[Any]]]:
    parts: dict[int, dict[str, list[Any]]] = {account.pk: defaultdict(list) for account in accounts}
    for name, model in kinds.items():
        rows = model.present.filter(account__in=accounts).order_by("unique_id")
        for pk, data in rows.values_list("account", "data"):
            parts[pk][name].append(records.from_json(model.record, data))
    rows = Principal.present.filter(account__in=accounts).order_by("unique_id")
    for pk, kind, data in rows.values_list("account", "type", "data"):
        name, record = ("roles", records.Role) if kind == Principal.Type.ROLE else ("users", records.User)
        parts[pk][name].append(records.from_json(record, data))
    return parts


def _facts(
    accounts: Sequence[Account],
    parts: Mapping[int, Parts],
    narrowing: Narrowing | None = None,
    settings: Settings | None = None,
) -> Iterator[Facts]:
    """parts: by account, fields of records.Snapshot. settings: of the one account; who can do what asks none of them."""
    wanted = {account.pk: set(_digests(parts[account.pk])) for account in accounts}
    digests = set().union(*wanted.values())
    found = Document.objects.filter(account__in=accounts, digest__in=digests).values_list("account", "digest", "body")
    bodies: Bodies = defaultdict(dict)
    for pk, digest, body in found.iterator():
        if digest in wanted[pk]:
            bodies[pk][digest] = body
    covered = defaultdict(list)
    for row in Coverage.objects.filter(
        account__in=accounts, region=""
    ):  # what is asked in each region tells of no permissions
        covered[row.account_id].append(row.as_record)
    bound = dict(AccountGuardrails.objects.filter(account__in=accounts).values_list("account", "data"))
    for account in accounts:
        stored = from_stored(bound[account.pk]) if account.pk in bound else NOT_JUDGED
        known = parts[account.pk]
        if narrowing:
            known = _narrowed(known, bodies[account.pk], narrowing)
        snapshot = records.Snapshot(
            account_id=account.aws_id,
            partition=account.partition,
            name=account.name,
            as_of=timezone.now(),
            documents={**stored.documents, **bodies[account.pk]},
            coverage=tuple(covered[account.pk]),
            **{name: tuple(some) for name, some in known.items()},
        )
        yield Facts(snapshot, settings, known_guardrails=stored.guardrails)


def _narrowed(parts: Parts, bodies: dict[str, Any], narrowing: Narrowing) -> Parts:
    """Trust policies are left alone: they say who may assume a role."""
    trusts = {role.trust for role in parts.get("roles", ())}
    idle = {digest for digest, body in bodies.items() if digest not in trusts and not narrowing.matters(digest, body)}
    for digest in idle:
        del bodies[digest]
    bodies[STANDS_FOR_OTHERS] = NOTHING
    found: dict[str, Sequence[Any]] = {
        name: [without(holder, idle) for holder in parts.get(name, ())] for name in ("roles", "users", "groups")
    }
    found["policies"] = [
        msgspec.structs.replace(policy, document=STANDS_FOR_OTHERS) if policy.document in idle else policy
        for policy in parts.get("policies", ())
    ]
    return found


def _digests(parts: Parts) -> Iterator[str]:
    for name in ("roles", "users", "groups"):
        yield from (digest for holder in parts.get(name, ()) for digest in holder.inline.values())
    yield from (role.trust for role in parts.get("roles", ()))
    for policy in parts.get("policies", ()):
        yield policy.document
        yield from (version.document for version in policy.versions)


def _advised(row: LastAccessed) -> records.LastAccessed:
    return records.from_json(records.LastAccessed, {**row.data, "read_at": row.read_at})
