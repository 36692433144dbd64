"""How each rule stands in the account, and what is unknown; only differences are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from collectors.models import Account
from findings.models import RuleState, Unknown
from findings.rules.judgement import Judgement
from findings.vocabulary import Status

BATCH = 500


class Tally(NamedTuple):
    """The columns of a RuleState that a judgement fills."""

    n_subjects: int
    n_open: int
    n_clear: int
    n_unknown: int
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
        tallies[code] = Tally(len(statuses), n_open, n_clear, n_unknown, judged.missing[code])
    return tallies


def _write_states(account: Account, tallies: Mapping[str, Tally], judged: Judgement) -> None:
    stored = {state.code: state for state in RuleState.objects.filter(account=account)}
    new, changed = [], []
    for code, tally in tallies.items():
        state = stored.get(code)
        if state is None:
            new.append(RuleState(account=account, code=code, as_of=judged.facts.as_of, **tally._asdict()))
        elif Tally(*(getattr(state, name) for name in Tally._fields)) != tally:
            for name, value in tally._asdict().items():
                setattr(state, name, value)
            state.as_of = judged.facts.as_of
            changed.append(state)
    RuleState.objects.bulk_create(new, BATCH)
    RuleState.objects.bulk_update(changed, [*Tally._fields, "as_of"], BATCH)


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
