"""The oracle: all that is known, without what differs between two runs that did the same.

A row is told by its own columns; a reference by what it refers to; ids are left out.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.apps import apps
from django.db import models

# What a run leaves of itself. Coverage is compared apart: states().
OF_RUNS = {
    "collectors": {
        "run", "job", "coverage", "connection", "connectiontest", "bundleupload", "collectrequest", "lookupwatch",
        "heartbeat",
    },
    # Counts are kept as what is added to them: tests/findings/engine/test_counted.py proves that they are those of the findings.
    "findings": {
        "timelineread", "judgementrequest", "findingcount", "accountfindings", "findingtotal", "principalcount", "daytotal",
        "reviewcount",
    },
}  # fmt: skip
# What tells that there was a fault: it is true, and stays.
HISTORY = {
    "version",
    "findingevent",
    "endedinterval",
    "pastrulestate",
    "change",
    "changedentity",
    "accountday",
    "dailycount",
    "document",
}
# By our clock or of rows' ids.
OWN = {
    "account": {"added_at"},
    "trailwatch": {"looked_back_at"},
    "change": {"digest"},  # of all that is told, which is compared by itself, and of the ids of its calls
    "changedentity": {"calls"},
    "scpevidence": {"judged_for"},
}
BY_THE_CLOCK = {"read_at", "tags_at"}  # the database's own, which nobody sets
OF_HISTORY = {"finding": {"first_opened_at", "opened_at", "reopened"}, "unknown": {"since"}, "*": {"seen_from"}}
# Model -> what says which one a reference means.
MEANT = {
    "account": "m.aws_id",
    "principal": "m.unique_id",
    "policy": "m.unique_id",
    "usageprincipal": "concat_ws('/', m.actor, m.unique_id, m.arn)",
    "usageevent": "concat_ws('/', m.source, m.name)",
    "usagesession": "concat_ws('/', m.name, m.key, m.day)",
    "finding": "concat_ws('/', m.code, m.subject_id, m.part)",
    "change": "m.key",
}
# Event by event what a finding said before, and what it said after: before the next event, or now.
RETOLD = """
select concat_ws('/', f.code, f.subject_id, f.part) from (
  select e.finding_id, e.kind, e.detail as before,
         lead(e.kind) over w as next, lead(e.detail) over w as after
  from findings_findingevent e where e.kind in ('changed', 'resolved', 'reopened')
  window w as (partition by e.finding_id order by e.id)) told
join findings_finding f on f.id = told.finding_id
where told.kind = 'changed' and told.before = case
  when told.next = 'changed' then told.after
  when told.next is null then jsonb_build_object('title', f.title, 'evidence', f.evidence) end
"""
Dump = dict[str, Counter[str]]


def dumped(cursor: Any, *, history: bool = True, retold: bool = True) -> Dump:
    """Table -> its rows as text, each with how often it is there. history False: what holds now, however it came to that.

    retold False: without that a finding's words became others. A judgement begins when a worker is free, between whichever two
    sources that is: how often the words changed on the way says who was free when, with or without a fault. What they are now,
    and each time that a finding opened, closed or became graver, is there; and told_for_nothing() holds what each of them must.
    """
    found: Dump = {}
    for model in _models():
        name = model._meta.model_name or ""
        if history or name not in HISTORY:
            cursor.execute(_select(model, name, history, retold))
            rows = Counter(row for (row,) in cursor.fetchall())
            if rows:
                found[model._meta.db_table] = rows
    return found


def told_for_nothing(cursor: Any) -> list[str]:
    """Findings of which it is told that their words became others, and they did not: a judgement that was written twice."""
    cursor.execute(RETOLD)
    return sorted(f"{finding}: told as changed, and is not" for (finding,) in cursor.fetchall())


def differences(expected: Dump, found: Dump) -> list[str]:
    """Rows that are in one of the two, a few of each table; none when they are equal."""
    told = []
    for table in sorted({*expected, *found}):
        before, after = expected.get(table, Counter()), found.get(table, Counter())
        gone, new = sorted(before - after), sorted(after - before)
        told += [f"{table} {_apart(*pair)}" for pair in zip(gone[:3], new[:3], strict=False)]
        told += [f"{table} - {row[:300]}" for row in gone[len(new) :][:3]]
        told += [f"{table} + {row[:300]}" for row in new[len(gone) :][:3]]
    return told


def _apart(one: str, other: str) -> str:
    """Two rows by the columns in which they differ."""
    before, after = _flat(json.loads(one)), _flat(json.loads(other))
    keys = (k for k in before | after if before.get(k) != after.get(k) and "digest" not in k)
    return "; ".join(f"{k}: {before.get(k)} -> {after.get(k)}"[:300] for k in list(keys)[:9]) or "a digest alone"


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Path -> what stands there, however deep."""
    if not value or not isinstance(value, dict | list):
        return {path: value}
    members = value.items() if isinstance(value, dict) else enumerate(value)
    return {k: v for name, one in members for k, v in _flat(one, f"{path}.{name}" if path else str(name)).items()}


def _models() -> list[type[models.Model]]:
    every = [model for app in OF_RUNS for model in apps.get_app_config(app).get_models()]
    return [m for m in every if m._meta.model_name not in OF_RUNS[m._meta.app_label] and m._meta.managed]


def _select(model: type[models.Model], name: str, history: bool, retold: bool) -> str:
    left_out = (
        BY_THE_CLOCK | OWN.get(name, set()) | (set() if history else OF_HISTORY.get(name, set()) | OF_HISTORY["*"])
    )
    columns = []
    for field in model._meta.concrete_fields:
        if field.column in left_out or (field.primary_key and not field.is_relation):
            continue
        if not field.is_relation:
            columns.append(f't."{field.column}"')
        elif meant := MEANT.get(field.related_model._meta.model_name):
            other = field.related_model._meta.db_table
            columns.append(f'(select {meant} from {other} m where m.id = t."{field.column}") as {field.name}')
    where = "where t.resolved_at is null" if name == "finding" and not history else ""
    where = "where t.kind <> 'changed'" if name == "findingevent" and not retold else where
    where = "where t.gone_at is null" if hasattr(model, "gone_at") and not history else where
    return f"select to_jsonb(r)::text from (select {', '.join(columns)} from {model._meta.db_table} t {where}) r"


def states(cursor: Any) -> set[tuple[str, str, str, str]]:
    """(account, API, region, state) of the coverage."""
    cursor.execute(
        "select a.aws_id, c.api, c.region, c.state from collectors_coverage c join collectors_account a on a.id = c.account_id"
    )
    return {tuple(row) for row in cursor.fetchall()}
