"""How each rule stands in the account, how it stood before, and what is unknown; only differences are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from collectors.models import Account
from findings.models import PastRuleState, RuleState, Unknown
from findings.rules.judgement import Judgement
from findings.vocabulary import Status

BATCH = 500


class Tally(NamedTuple):
    """The columns of a RuleState that a judgement fills."""

    n_subjects: int
    n_open: int
    n_clear: int
    n_unknown: int
    n_in_doubt: int
    reason: str


def write(account: Account, judged: Judgement) -> int:
    """Inside the caller's transaction. Returns how many (rule, subject) pairs are unknown."""
    tallies = _tallies(judged)
    _write_states(account, tallies, judged)
    _write_unknowns(account, judged)
    return sum(tally.n_unknown for tally in tallies.values())


def _tallies(judged: Judgement) -> Mapping[str, Tally]:
    """A subject counts once a rule: as open if any part is open, else as unknown if any is, else as clear."""
    seen: defaultdict[str, defaultdict[str, set[Status]]] = defaultdict(lambda: defaultdict(set))
    for verdict in judged.verdicts:
        if verdict.subject.id:
            seen[verdict.rule.code][verdict.subject.id].add(verdict.status)
    tallies = {}
    for code in judged.rules:
        statuses = list(seen[code].values())
        n_open = sum(Status.OPEN in s for s in statuses)
        n_unknown = sum(Status.UNKNOWN in s and Status.OPEN not in s for s in statuses)
        n_clear = len(statuses) - n_open - n_unknown
        n_in_doubt = sum(Status.UNKNOWN in s for s in statuses)
        tallies[code] = Tally(len(statuses), n_open, n_clear, n_unknown, n_in_doubt, judged.missing[code])
    return tallies


def _write_states(account: Account, tallies: Mapping[str, Tally], judged: Judgement) -> None:
    as_of = judged.facts.as_of
    stored = {state.code: state for state in RuleState.objects.filter(account=account)}
    new = [
        RuleState(account=account, code=c, as_of=as_of, **t._asdict()) for c, t in tallies.items() if c not in stored
    ]
    changed = [state for c, state in stored.items() if c in tallies and _tally(state) != tallies[c]]
    PastRuleState.objects.bulk_create(_ended(changed, as_of), BATCH, ignore_conflicts=True)
    for state in changed:
        for name, value in tallies[state.code]._asdict().items():
            setattr(state, name, value)
        state.as_of = as_of
    RuleState.objects.bulk_create(new, BATCH)
    RuleState.objects.bulk_update(changed, [*Tally._fields, "as_of"], BATCH)


def _tally(state: RuleState) -> Tally:
    return Tally(*(getattr(state, name) for name in Tally._fields))


def _ended(states: Iterable[RuleState], until: datetime) -> Iterator[PastRuleState]:
    """Those that held at the end of some day."""
    for state in states:
        if state.as_of.astimezone(UTC).date() < until.astimezone(UTC).date():
            numbers = _tally(state)._asdict()
            yield PastRuleState(account_id=state.account_id, code=state.code, as_of=state.as_of, until=until, **numbers)


def _write_unknowns(account: Account, judged: Judgement) -> None:
    wanted = _unknowns(judged)
    stored = {(u.code, u.subject_id): u for u in Unknown.objects.filter(account=account)}
    if gone := [row.pk for key, row in stored.items() if key not in wanted]:
        Unknown.objects.filter(pk__in=gone).delete()
    new, changed = [], []
    for key, (name, reason) in sorted(wanted.items()):
        row, since = stored.get(key), judged.facts.as_of
        if row is None:
            code, subject = key
            new.append(
                Unknown(account=account, code=code, subject_id=subject, subject_name=name, reason=reason, since=since)
            )
        elif (row.subject_name, row.reason) != (name, reason):
            row.since = since if row.reason != reason else row.since
            row.subject_name, row.reason = name, reason
            changed.append(row)
    Unknown.objects.bulk_create(new, BATCH)
    Unknown.objects.bulk_update(changed, ["subject_name", "reason", "since"], BATCH)


def _unknowns(judged: Judgement) -> Mapping[tuple[str, str], tuple[str, str]]:
    """(code, subject id) -> (subject name, reason). What a missing source makes unknown is one row for all subjects: an
    account without its credential report would else have a row for every rule and user."""
    wanted: dict[tuple[str, str], tuple[str, str]] = {}
    for verdict in judged.unknowns.values():
        code = verdict.rule.code
        if verdict.from_gap:
            wanted[code, ""] = ("", judged.missing[code])
        else:
            wanted[code, verdict.subject.id] = (verdict.subject.name, verdict.reason)
    return wanted
