"""Permission sets are summed up from one index, which knows what is open on their roles and which of these are gone; and rules by
account are read in the order of the rules."""

from django.db import migrations, models

COUNTS = ("info", "low", "medium", "high", "critical", "risk")
FILLED = f"""
update findings_permissionsetrole s set here = p.gone_at is null, {", ".join(f"{name} = coalesce(o.{name}, 0)" for name in COUNTS)}
from collectors_principal p left join findings_principalposture o on o.principal_id = p.id where p.id = s.role_id;
"""  # noqa: S608 - constants of this module
HERE = """
create function findings_role_here() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  update findings_permissionsetrole set here = new.gone_at is null where role_id = new.id;
  return null;
end $$;
create trigger here after update of gone_at on collectors_principal for each row
  when ((old.gone_at is null) <> (new.gone_at is null)) execute function findings_role_here();
"""
FORGET = "drop trigger here on collectors_principal; drop function findings_role_here();"


class Migration(migrations.Migration):
    dependencies = [("findings", "0029_few_words")]

    operations = [
        migrations.AddField("permissionsetrole", "here", models.BooleanField(default=True, db_default=True)),
        *(
            migrations.AddField(
                "permissionsetrole",
                name,
                (models.PositiveSmallIntegerField if name == "risk" else models.PositiveIntegerField)(
                    default=0, db_default=0
                ),
            )
            for name in COUNTS
        ),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
        migrations.RunSQL(HERE, FORGET),
        migrations.AddIndex(
            "permissionsetrole",
            models.Index(
                fields=["set_arn", "account"],
                include=["id", "here", "people", *COUNTS],
                name="permission_set_summed",
            ),
        ),
        migrations.RemoveIndex("permissionsetrole", "permission_set_roles"),
        migrations.AddIndex("rulestate", models.Index("code", "account", name="rule_state_of_rule")),
    ]
