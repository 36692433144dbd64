"""Organizations can be disconnected and connected again; addresses are looked up by index for operators of some accounts too."""

import django.db.models.deletion
from django.db import migrations, models

from collectors.models.sought import sought

# Two spellings of an address are one.
SOUGHT = sought(
    "sessions_sought",
    "one text, other text, since date, most int",
    """select id from collectors_usagesession
    where (data->'networks' @> to_jsonb(array[:one]) or data->'networks' @> to_jsonb(array[:other])) and day >= :since and {seen}
    limit :most""",
)


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
