"""Open jobs have one index: with two, what is asked of one source of one account was looked for among all that wait."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("collectors", "0019_roles_of_center")]

    operations = [migrations.RemoveIndex("job", "job_open")]
