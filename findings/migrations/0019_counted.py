import django.db.models.deletion
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from collectors.models.sought import sought
from findings.models.finding import PRACTICES, SEVERITIES

ALIKE = "account_id, code, practice, severity, subject_type, status"
# An update of many findings that leaves their counts as they are adds nothing.
COUNT = f"""
create function findings_counted() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    insert into findings_findingcount ({ALIKE}, again, n)
    select {ALIKE}, reopened > 0, count(*) from came group by 1, 2, 3, 4, 5, 6, 7;
  elsif tg_op = 'DELETE' then
    insert into findings_findingcount ({ALIKE}, again, n)
    select {ALIKE}, reopened > 0, -count(*) from went group by 1, 2, 3, 4, 5, 6, 7;
  else
    insert into findings_findingcount ({ALIKE}, again, n) select {ALIKE}, again, sum(n) from (
      select {ALIKE}, reopened > 0 as again, 1 as n from came union all select {ALIKE}, reopened > 0, -1 from went) moved
    group by 1, 2, 3, 4, 5, 6, 7 having sum(n) <> 0;
  end if;
  return null;
end $$;
create trigger counted_insert after insert on findings_finding referencing new table as came
  for each statement execute function findings_counted();
create trigger counted_update after update on findings_finding referencing old table as went new table as came
  for each statement execute function findings_counted();
create trigger counted_delete after delete on findings_finding referencing old table as went
  for each statement execute function findings_counted();
insert into findings_findingcount ({ALIKE}, again, n)
  select {ALIKE}, reopened > 0, count(*) from findings_finding group by 1, 2, 3, 4, 5, 6, 7;
-- With an account go its findings, which counts less what is no longer there: the account goes last, and takes that with it.
create function findings_uncounted() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from findings_findingcount where account_id in (select id from went);
  return null;
end $$;
create trigger uncounted after delete on collectors_account referencing old table as went
  for each statement execute function findings_uncounted();
"""  # noqa: S608 - constants of this module
# The texts that a search looks in. Without pg_trgm, which PostgreSQL ships and the owner of a database may create, it is slow.
WORDS = r"(subject_name || E'\n' || subject_arn || E'\n' || title)"
CALLER = r"(principal_arn || E'\n' || session_name || E'\n' || network || E'\n' || agent || E'\n' || key_id || E'\n' || principal_id)"
INDEXES = f"""
do $$ begin
  create extension if not exists pg_trgm;
  create index finding_words on findings_finding using gin ({WORDS} gin_trgm_ops);
  create index change_words on findings_change using gin ({CALLER} gin_trgm_ops);
  create index changed_entity_words on findings_changedentity using gin (name gin_trgm_ops);
exception when undefined_file or insufficient_privilege or feature_not_supported then
  raise warning 'pg_trgm cannot be created: searching findings and changes reads all of them';
end $$;
"""


SOUGHT = (
    INDEXES
    + sought(
        "findings_sought",
        "pattern text, most int",
        f"select id from findings_finding where {WORDS} ilike :pattern and {{seen}} limit :most",
    )
    + sought(
        "changes_sought",
        "pattern text, whole text, since timestamptz, most int",
        f"""select distinct id from (
        (select id from findings_change where {CALLER} ilike :pattern and at >= :since and {{seen}} limit :most)
        union all (select id from findings_change where events @> array[:whole]::varchar[] and at >= :since and {{seen}} limit :most)
        union all (select distinct change_id from findings_changedentity where name ilike :pattern and at >= :since and {{seen}}
          limit :most)) found""",
    )
)
UNSOUGHT = """
drop function findings_sought;
drop function changes_sought;
drop index if exists finding_words;
drop index if exists change_words;
drop index if exists changed_entity_words;
"""
FORGET = """
drop trigger counted_insert on findings_finding;
drop trigger counted_update on findings_finding;
drop trigger counted_delete on findings_finding;
drop trigger uncounted on collectors_account;
drop function findings_counted();
drop function findings_uncounted();
"""
COUNTED = ["account", "code", "practice", "severity", "subject_type", "status"]
UNRESOLVED = models.Q(resolved_at=None)


def ordered(name: str, condition: models.Q | None = None) -> migrations.AddIndex:
    index = models.Index(models.F("severity"), models.F("opened_at"), models.F("id"), name=name, condition=condition)
    return migrations.AddIndex("finding", index)


class Migration(migrations.Migration):
    dependencies = [("findings", "0018_recorded")]

    operations = [
        migrations.CreateModel(
            name="FindingCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=5)),
                ("practice", models.CharField(choices=PRACTICES, max_length=2)),
                ("severity", models.PositiveSmallIntegerField(choices=SEVERITIES)),
                ("subject_type", models.CharField(max_length=12)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("accepted", "Accepted"), ("resolved", "Resolved")], max_length=8
                    ),
                ),
                ("again", models.BooleanField()),
                ("n", models.IntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("account"), models.F("status"), name="finding_count_of_account")]
            },
        ),
        migrations.RunSQL(COUNT, FORGET),
        migrations.RunSQL(SOUGHT, UNSOUGHT),
        ordered("finding_in_order"),
        ordered("finding_unresolved_again", UNRESOLVED & models.Q(reopened__gt=0)),
        migrations.AddIndex(
            "finding",
            models.Index(
                models.F("subject_name"), models.F("id"), name="finding_unresolved_by_subject", condition=UNRESOLVED
            ),
        ),
        migrations.RemoveIndex("finding", "finding_unresolved_since"),
        migrations.AddIndex(
            "finding",
            models.Index(
                fields=["opened_at"],
                include=[*COUNTED, "reopened", "first_opened_at"],
                name="finding_unresolved_since",
                condition=UNRESOLVED,
            ),
        ),
        migrations.RemoveIndex("finding", "finding_due"),
        migrations.AddIndex(
            "finding",
            models.Index(
                fields=["due_at"], include=COUNTED, name="finding_due", condition=UNRESOLVED & ~models.Q(due_at=None)
            ),
        ),
        migrations.AddIndex(
            "finding",
            models.Index(
                fields=["account", "due_at"],
                include=COUNTED[1:],
                name="finding_due_of",
                condition=UNRESOLVED & ~models.Q(due_at=None),
            ),
        ),
        migrations.RemoveIndex("finding", "finding_assigned"),
        migrations.AddIndex(
            "finding",
            models.Index(
                models.F("assignee"),
                models.F("severity"),
                models.F("opened_at"),
                models.F("id"),
                name="finding_assigned",
                condition=~models.Q(assignee=""),
            ),
        ),
        migrations.RemoveIndex("reviewitem", "review_item_counted"),
        migrations.AddIndex(
            "reviewitem",
            models.Index(
                fields=["review", "account", "verdict", "state"],
                include=["kind", "worst", "unsure", "sets"],
                name="review_item_counted",
            ),
        ),
        migrations.RemoveIndex("change", "change_by_time"),
        migrations.AddIndex(
            "change",
            models.Index(
                fields=["at", "id"],
                include=[
                    "account",
                    "how",
                    "outcome",
                    "actor",
                    "what",
                    "kinds",
                    "agent",
                    "witnesses",
                    "opened",
                    "resolved",
                ],
                name="change_by_time",
            ),
        ),
        migrations.AddIndex("change", GinIndex(fields=["events"], name="change_by_call")),
        migrations.AddIndex(
            "findingevent", models.Index(fields=["at"], include=["account", "kind"], name="finding_event_recent")
        ),
    ]
