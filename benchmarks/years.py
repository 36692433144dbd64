"""Two years of an organization in the database: 500 accounts, 100,000 principals, a million findings over 730 days, with what the
engine derives of them. Made by SQL, seeded, so that every run measures the same; accounts are of very different sizes.
"""

from __future__ import annotations

from importlib import import_module

from django.db import connection, transaction

from benchmarks import years_findings, years_inventory
from benchmarks.copied import NOW

ACCOUNTS, PRINCIPALS, FINDINGS, DAYS = 500, 100_000, 1_000_000, 730


def fill(accounts: int = ACCOUNTS, principals: int = PRINCIPALS, findings: int = FINDINGS, days: int = DAYS) -> None:
    """Into an empty, migrated database."""
    given = {"accounts": accounts, "principals": principals, "findings": findings, "days": days, "now": NOW}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "set local session_replication_role = replica"
        )  # each row's references are right by their making
        cursor.execute("select setseed(0.42)")
        years_inventory.accounts(accounts)
        years_inventory.principals(given)
        years_findings.findings(cursor, given)
        years_findings.derived(cursor, given)
        years_findings.changed(given)
        years_findings.reviewed(given)
        years_inventory.collected(given)
        # By fewer columns, of principals, of days and of reviews: as the migrations put them together.
        cursor.execute(import_module("findings.migrations.0024_counted_by_less").FILLED)
        cursor.execute(import_module("findings.migrations.0025_day_totals").added(("findings_accountday", 1)))
        cursor.execute(import_module("findings.migrations.0031_counted_reviews").FILLED)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
