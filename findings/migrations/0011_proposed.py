import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('findings', '0010_guarding'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScpEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=32)),
                ('data', models.JSONField()),
                ('judged_for', models.BigIntegerField(null=True)),
                ('effect', models.JSONField(null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'verbose_name_plural': 'SCP evidence',
            },
        ),
        migrations.CreateModel(
            name='ScpProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField(default=90)),
                ('requested_by', models.CharField(max_length=150)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('rung_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('made_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('data', models.JSONField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='collectors.account')),
            ],
            options={
                'indexes': [models.Index(fields=['account', '-id'], name='scp_proposal_of_account'), models.Index(models.F('requested_at'), condition=models.Q(('finished_at', None)), name='scp_proposal_open')],
            },
        ),
    ]
