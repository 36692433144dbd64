"""Works out which SCPs nobody would miss, when an operator asks: choose, prove, then judge account by account with them applied.

A run takes some accounts only, so that it ends in time; the next one goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import msgspec
from django.db.models import Q
from django.db.models.functions import Now

from collectors import queue, records
from collectors.models import Account
from collectors.models.organization_view import organization_snapshot
from findings.analysis.facts import Facts
from findings.analysis.organization_tree import tree
from findings.analysis.proposed import closing, worth
from findings.analysis.proposed.choose import Chooser
from findings.analysis.proposed.evidence import Evidence, evidence
from findings.analysis.proposed.model import Proposal, from_json, to_json
from findings.analysis.proposed.places import enabled, places
from findings.analysis.proposed.proof import Proved, prove
from findings.analysis.proposed.use import Use
from findings.analysis.proposed.watched import Watched
from findings.engine import decided
from findings.engine.posture import WEIGHTS
from findings.engine.proposed_rows import used_rows
from findings.models import Finding, ScpEvidence, ScpProposal
from findings.rules import registry
from findings.rules.compare import Turn, compare
from findings.rules.judgement import Judgement
from findings.vocabulary import Severity

AT_ONCE = 5  # accounts judged in one run: 5 s of CPU each with 300 roles
ROUNDS = 3  # of proof, each without the statements that failed in the one before
TOLD = 50  # findings of an account that are named
NO_TREE = "The organization's tree is not known any more: no connected account may read it."


def write(account: Account, facts: Facts) -> None:
    """What the account's judgement tells for proposals. Inside the caller's transaction; only differences are written."""
    found = evidence(facts)
    if found is None:
        ScpEvidence.objects.filter(account=account).delete()
        return
    data = msgspec.to_builtins(found)
    digest = records.digest(data)
    if ScpEvidence.objects.filter(account=account, digest=digest).exists():
        return
    ScpEvidence.objects.bulk_create(
        [ScpEvidence(account=account, digest=digest, data=data)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["digest", "data"],
    )


def to_ring() -> list[int]:
    """What operators asked for, no worker works on, and whose bell did not ring lately."""
    silent = Q(rung_at=None) | Q(rung_at__lte=Now() - queue.RING_AGAIN)
    waiting = ScpProposal.objects.filter(silent & queue.unbegun())
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    ScpProposal.objects.filter(pk__in=ids).update(rung_at=Now())
    return ids


def run(pk: int) -> bool:
    """Go on with a request; whether there is more to do."""
    mine = ScpProposal.objects.filter(pk=pk)
    if not queue.begin(ScpProposal, pk):
        return False
    asked = mine.select_related("account").get()
    if asked.data is None:
        found = propose(asked.account, queue.database_now(), asked.days)
        if found is None:
            mine.update(error=NO_TREE, finished_at=Now())
            return False
        mine.update(data=to_json(found), made_at=Now())
        asked.data = to_json(found)
    more = _judge_some(asked)
    mine.update(started_at=None, rung_at=Now(), attempt=0) if more else mine.update(finished_at=Now())
    return more


def give_up() -> None:
    """End requests whose worker was lost on each attempt."""
    ScpProposal.objects.filter(queue.spent()).update(error=queue.LOST, finished_at=Now())


def fail(pk: int, error: str) -> None:
    ScpProposal.objects.filter(pk=pk).update(error=error, finished_at=Now())


def propose(teller: Account, as_of: datetime, days: int) -> Proposal | None:
    """For the organization that the account told of, from so many days of use. None: it tells of no tree."""
    snapshot = organization_snapshot(teller, as_of)
    if snapshot is None:
        return None
    found = tree(Facts(snapshot))
    some = tuple(places(found))
    bound = [aws_id for place in some for aws_id in place.accounts]
    accounts = list(Account.objects.filter(aws_id__in=bound).order_by("pk"))
    since = (as_of - timedelta(days=days)).date()
    targets = tuple(worth.targets(_open(accounts)))
    chooser = Chooser(some, _watched(bound, accounts, as_of, days), targets, decided.allowed_regions(accounts))
    proved = _proved(chooser, accounts, since, found.organization_id or "")
    return Proposal(
        organization_id=found.organization_id or "",
        since=since,
        days=days,
        nodes=proved.nodes,
        enabled=enabled(found),
        problems=found.problems,
    )


def _watched(bound: Iterable[str], accounts: list[Account], as_of: datetime, days: int) -> dict[str, Watched]:
    told = {
        row.account_id: msgspec.convert(row.data, Evidence) for row in ScpEvidence.objects.filter(account__in=accounts)
    }
    use = {account.aws_id: Use() for account in accounts}
    for row in used_rows(accounts, (as_of - timedelta(days=days)).date()):
        use[row.account].add(row)
    known = {account.aws_id: told.get(account.pk) for account in accounts}
    return {aws_id: Watched(aws_id, known.get(aws_id), use.get(aws_id, Use()), as_of, days) for aws_id in bound}


def _open(accounts: Iterable[Account]) -> Iterator[worth.OpenFinding]:
    """With those of the organization, which stand on its management account."""
    mine = Q(account__in=list(accounts)) | Q(code=worth.REGION_RULE)
    rows = Finding.objects.filter(mine, code__in=worth.CODES, status=Finding.Status.OPEN).order_by("pk")
    for aws_id, code, part, severity, told in rows.values_list(
        "account__aws_id", "code", "part", "severity", "evidence"
    ):
        yield worth.OpenFinding(aws_id, code, part, WEIGHTS[Severity(severity)], told)


def _proved(chooser: Chooser, accounts: list[Account], since: date, organization: str) -> Proved:
    """Without the statements that fail. What still fails after some rounds leaves its place without any."""
    for _ in range(ROUNDS):
        proved = prove(chooser.proposals(), used_rows(accounts, since), organization)
        if not proved.failed:
            return proved
        chooser.dropped |= proved.failed
    broken = {place for place, _ in proved.failed}
    return Proved(tuple(n for n in proved.nodes if n.id not in broken), frozenset())


def _judge_some(asked: ScpProposal) -> bool:
    """Judge some accounts as they would be; whether others are left."""
    proposal = from_json(asked.data)
    concerned = {aws_id for node in proposal.nodes if node.scps for aws_id in node.accounts}
    waiting = ScpEvidence.objects.filter(account__aws_id__in=concerned).exclude(judged_for=asked.pk).order_by("account")
    some = list(waiting.select_related("account")[: AT_ONCE + 1])
    for row in some[:AT_ONCE]:
        effect = effect_of(row.account, proposal, queue.database_now())
        ScpEvidence.objects.filter(pk=row.pk).update(judged_for=asked.pk, effect=effect)
    return len(some) > AT_ONCE


def effect_of(account: Account, proposal: Proposal, as_of: datetime) -> dict[str, object]:
    """See ScpEvidence.effect."""
    from findings.engine import facts_of

    before = facts_of(account, as_of)
    after = closing.with_proposed(before, proposal.above(account.aws_id))
    was, then = _judged(before), _judged(after)
    closed = [d.verdict for d in compare(was, then) if d.turn is Turn.CLOSES]
    lowered = [i for i, v in then.opens.items() if i in was.opens and v.severity < was.opens[i].severity]
    counts = Counter(verdict.severity.slug for verdict in closed)
    told = [[v.severity.slug, v.rule.code, v.subject.name, v.title] for v in closed[:TOLD]]
    return {"closes": told, "n": dict(counts), "lowers": len(lowered)}


def _judged(facts: Facts) -> Judgement:
    entries = [registry.catalogue()[code] for code in closing.CODES]
    rules = {entry.rule.code: entry.rule for entry in entries}
    return Judgement(facts, rules, tuple(registry.judge(facts, entries)), {})
