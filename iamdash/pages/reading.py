"""The facts of one principal as a page needs them: its policies, its groups, its boundary, what binds its account.

A part of the account only: enough to say what the principal may do, not who else there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from collectors import records
from collectors.models import Account, Coverage, Document, Group, LastAccessed, Policy, Principal
from findings.analysis.facts import Facts
from findings.analysis.guardrails import Guardrails
from findings.analysis.stored_guardrails import from_stored
from findings.models import AccountGuardrails

NOT_JUDGED = Guardrails(None, None, "SCPs and RCPs are not visible: the account was not judged yet.")


def facts_of(principals: Iterable[Principal], account: Account) -> Facts:
    """Principals of one account. The documents of what AWS said stay with the account; SCPs are those of its last judgement."""
    known = [principal.as_record for principal in principals]
    users = [record for record in known if isinstance(record, records.User)]
    names = {name for user in users for name in user.groups}
    groups = [group.as_record for group in Group.present.filter(account=account, name__in=names)]
    holders: list[Any] = [*known, *groups]
    arns = {arn for holder in holders for arn in holder.attached} | {r.boundary for r in known if r.boundary}
    policies = [policy.as_record for policy in Policy.present.filter(account=account, arn__in=arns)]
    digests = {digest for holder in holders for digest in holder.inline.values()}
    digests |= {version.document for policy in policies for version in policy.versions}
    digests |= {policy.document for policy in policies}
    digests |= {record.trust for record in known if isinstance(record, records.Role)}
    documents = Document.objects.filter(account=account, digest__in=digests).values_list("digest", "body")
    advised = LastAccessed.present.filter(account=account, unique_id__in=[record.unique_id for record in known])
    guardrails, bodies = stored_guardrails(account)
    snapshot = records.Snapshot(
        account_id=account.aws_id,
        partition=account.partition,
        name=account.name,
        as_of=timezone.now(),
        roles=tuple(record for record in known if isinstance(record, records.Role)),
        users=tuple(users),
        groups=tuple(groups),
        policies=tuple(policies),
        last_accessed=tuple(_advised(row) for row in advised),
        documents={**bodies, **dict(documents)},
        coverage=tuple(c.as_record for c in Coverage.objects.filter(account=account)),
    )
    return Facts(snapshot, known_guardrails=guardrails)


def stored_guardrails(account: Account) -> tuple[Guardrails, dict[str, Any]]:
    """The SCPs and RCPs that bind the account as of its last judgement, and their documents by digest."""
    row = AccountGuardrails.objects.filter(account=account).first()
    if row is None:
        return NOT_JUDGED, {}
    stored = from_stored(row.data)
    return stored.guardrails, dict(stored.documents)


def _advised(row: LastAccessed) -> records.LastAccessed:
    return records.from_json(records.LastAccessed, {**row.data, "read_at": row.read_at})
