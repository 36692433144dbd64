"""Who holds a policy is looked up: of a large account all principals were read for it."""

from django.db import migrations

from collectors.models.sought import sought

# Attached or as a boundary, each with the account: a policy of AWS's own is held in all of them.
HELD = """
create function policies_held(account bigint, data jsonb, boundary text) returns text[] language sql immutable parallel safe
return array(
  select account || ' ' || arn from jsonb_array_elements_text(coalesce(data->'attached', '[]')) as one(arn)
  union all
  select account || ' ' || boundary where boundary <> ''
)
"""
INDEX = """
create index principal_holds on collectors_principal using gin (policies_held(account_id, data, boundary)) where gone_at is null
"""
SOUGHT = sought(
    "holders_sought",
    "one bigint, policy text",
    """select id from collectors_principal
    where gone_at is null and policies_held(account_id, data, boundary) @> array[:one || ' ' || :policy] and {seen}""",
)


class Migration(migrations.Migration):
    dependencies = [("collectors", "0022_tries")]

    operations = [
        migrations.RunSQL(HELD, "drop function policies_held"),
        migrations.RunSQL(INDEX, "drop index principal_holds"),
        migrations.RunSQL(SOUGHT, "drop function holders_sought"),
    ]
