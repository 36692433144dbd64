"""A run without Celery, with the rights of the worker, and what it left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection as database

from collectors import queue, runner, schedule
from collectors.models import Account, Coverage, Run
from collectors.models.job import JUDGE
from collectors.sources import sources
from tests.conftest import db_role

GAAD = "iam:GetAccountAuthorizationDetails"


def run(account: Account, *names: str) -> Run:
    """One whole run of all sources, or of those named, without Celery, with the rights of the worker."""
    with db_role("iamdash_worker"):
        made = schedule.start(account, Run.Reason.REQUEST, "test", names=names)
        assert made is not None
        for job in list(made.job_set.exclude(source=JUDGE)):
            runner.collect(job.pk)
        for job in made.job_set.filter(source=JUDGE):  # the findings' tests judge; here it only ends the run
            claim = queue.claim(job.pk)
            assert claim is not None
            queue.done(claim, calls=0, counts={})
    made.refresh_from_db()
    return made


def written() -> dict[str, int]:
    """Rows ever inserted or updated, by table, its months included: what an unchanged collection must not raise."""
    with database.cursor() as cursor:
        cursor.execute(
            "select coalesce(pg_partition_root(relid), relid)::regclass::text, sum(n_tup_ins + n_tup_upd + n_tup_del)"
            " from pg_stat_xact_user_tables where relname like 'collectors_%' group by 1"
        )
        return dict(cursor.fetchall())


def states(account: Account) -> dict[str, str]:
    return dict(Coverage.objects.filter(account=account).values_list("api", "state"))


def replace_fetch(monkeypatch: pytest.MonkeyPatch, source: Any, fetch: Any) -> None:
    """The source with another fetch: the lab has no operations that change what it holds."""
    (api,) = source.apis
    other = replace(source, apis=(replace(api, fetch=fetch),))
    every = {**sources(), source.name: other}
    monkeypatch.setattr(runner, "sources", lambda: every)
