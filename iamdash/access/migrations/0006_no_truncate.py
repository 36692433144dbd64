"""The audit log is not emptied at once either: a trigger for each row hears nothing of TRUNCATE."""

from django.db import migrations

KEEP = """
create trigger access_audit_whole before truncate on access_auditentry for each statement execute function access_audit_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0005_operator_preferences")]

    operations = [migrations.RunSQL(KEEP, "drop trigger access_audit_whole on access_auditentry")]
