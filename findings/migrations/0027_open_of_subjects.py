"""What is open of many subjects is counted from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("findings", "0026_tries"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("resolved_at", None)),
                fields=["subject_id"],
                include=("account", "code", "severity", "status"),
                name="finding_unresolved_of_subject",
            ),
        ),
    ]
