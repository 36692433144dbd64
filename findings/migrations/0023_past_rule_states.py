"""How rules stood before their numbers changed, from now on; and of how many subjects something is unknown."""

import django.db.models.deletion
from django.db import migrations, models

# What is known of it: it may be more in a part of a subject that is open, which the next judgement tells.
IN_DOUBT = """
update findings_rulestate s set n_in_doubt = greatest(s.n_unknown, told.n)
from (select account_id, code, count(*) as n from findings_unknown where subject_id <> '' group by 1, 2) told
where told.account_id = s.account_id and told.code = s.code
"""
NUMBERS = ("n_subjects", "n_open", "n_clear", "n_unknown", "n_in_doubt")


class Migration(migrations.Migration):
    dependencies = [
        ("collectors", "0008_identity_center"),
        ("findings", "0022_late"),
    ]

    operations = [
        migrations.AddField("rulestate", "n_in_doubt", models.PositiveIntegerField(default=0)),
        migrations.RunSQL("update findings_rulestate set n_in_doubt = n_unknown", migrations.RunSQL.noop),
        migrations.RunSQL(IN_DOUBT, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="PastRuleState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=5)),
                *((name, models.PositiveIntegerField()) for name in NUMBERS),
                ("reason", models.TextField(blank=True, default="")),
                ("as_of", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="collectors.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("account"), models.F("code"), models.F("until"), name="past_rule_state_identity"
                    )
                ],
            },
        ),
    ]
