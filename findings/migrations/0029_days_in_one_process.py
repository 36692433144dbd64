"""Days of accounts are read by their accounts, or not at all where sums of all of them are kept: helpers for reading the whole table
would be started, and have nothing to do."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("findings", "0028_in_order")]

    operations = [
        migrations.RunSQL(
            "alter table findings_accountday set (parallel_workers = 0)",
            "alter table findings_accountday reset (parallel_workers)",
        ),
    ]
