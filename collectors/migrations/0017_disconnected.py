"""Organizations can be disconnected and connected again; addresses are looked up by index for operators of some accounts too."""

import django.db.models.deletion
from django.db import migrations, models

# Row-level security keeps an index on what is within a document from those who see some accounts: whether it matches might tell
# of other rows. So this looks with the owner's rights, for the accounts that the transaction names, and gives ids alone, which the
# reader still reads under those policies (as findings/migrations/0019 does for text). Two spellings of an address are one.
FOUND = """
select id from collectors_usagesession
where (data->'networks' @> to_jsonb(array[$1]) or data->'networks' @> to_jsonb(array[$2])) and day >= $3 and {seen} limit $4
"""
SOUGHT = f"""
create function sessions_sought(one text, other text, since date, most int) returns setof bigint language plpgsql stable
security definer set search_path = public, pg_temp as $$
begin
  if current_setting('role') = 'iamdash_all' or (current_setting('role') = 'none' and session_user = current_user) then
    return query execute $q$ {FOUND.format(seen="true")} $q$ using one, other, since, most;
  else
    return query execute $q$ {FOUND.format(seen="account_id = any ($5)")} $q$
    using one, other, since, most, nullif(current_setting('iamdash.accounts', true), '')::bigint[];
  end if;
end $$;
revoke execute on function sessions_sought from public;
"""


class Migration(migrations.Migration):
    dependencies = [("collectors", "0016_months_moved_whole")]

    operations = [
        migrations.AddField("OrganizationConnection", "disconnected_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "OrganizationConnection", "disconnected_by", models.CharField(blank=True, default="", max_length=150)
        ),
        migrations.AddField("OrganizationConnection", "keeps", models.BooleanField(default=False)),
        migrations.AlterField(
            "OrganizationConnection",
            "account",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="collectors.account"),
        ),
        migrations.AddConstraint(
            "OrganizationConnection",
            models.UniqueConstraint(
                condition=models.Q(("disconnected_at", None)),
                fields=("account",),
                name="organization_connection_told_by",
            ),
        ),
        migrations.RunSQL(SOUGHT, "drop function sessions_sought"),
    ]
