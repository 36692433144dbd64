"""All tables as they are after the migrations that this replaces, made at once (collectors/models/at_once.py).

A new database takes this one; one that has some of the others goes on with them. What is SQL is read from there.
"""

from importlib import import_module

import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from collectors.models.at_once import AtOnce

audit = import_module("iamdash.access.migrations.0003_audit")


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ("access", "0001_initial"),
        ("access", "0002_apitoken"),
        ("access", "0003_audit"),
        ("access", "0004_sign_in"),
        ("access", "0005_operator_preferences"),
    ]

    dependencies = [
        ('collectors', '0001_initial'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Operator',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('username', models.CharField(max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()])),
                    ('email', models.EmailField(blank=True, max_length=254)),
                    ('role', models.CharField(choices=[('viewer', 'Viewer: reads'), ('analyst', 'Analyst: reads, asks for collections, works on findings'), ('admin', 'Admin: all of it, accounts and operators included')], default='viewer', max_length=8)),
                    ('all_accounts', models.BooleanField(default=False)),
                    ('account_groups', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None)),
                    ('sso_id', models.CharField(blank=True, default='', max_length=191)),
                    ('sso_managed', models.BooleanField(default=False)),
                    ('break_glass', models.BooleanField(default=False)),
                    ('is_active', models.BooleanField(default=True)),
                    ('preferences', models.JSONField(blank=True, default=dict)),
                    ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ('accounts', models.ManyToManyField(blank=True, to='collectors.account')),
                ],
            ),
            migrations.CreateModel(
                name='ApiToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80)),
                    ('digest', models.CharField(max_length=64, unique=True)),
                    ('shown', models.CharField(max_length=16)),
                    ('scopes', models.JSONField()),
                    ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_by', models.CharField(blank=True, default='', max_length=150)),
                    ('operator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='AuditEntry',
                fields=[
                    ('number', models.BigIntegerField(default=0, primary_key=True, serialize=False)),
                    ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ('actor_id', models.BigIntegerField(null=True)),
                    ('actor', models.CharField(max_length=150)),
                    ('via', models.CharField(max_length=60)),
                    ('address', models.CharField(max_length=45)),
                    ('agent', models.CharField(max_length=200)),
                    ('action', models.CharField(max_length=60)),
                    ('object', models.CharField(max_length=300)),
                    ('outcome', models.CharField(max_length=8)),
                    ('detail', models.TextField(default='{}')),
                    ('previous', models.CharField(max_length=64)),
                    ('hash', models.CharField(max_length=64)),
                ],
                options={
                    'indexes': [models.Index(fields=['actor', '-number'], name='audit_by_actor'), models.Index(fields=['action', '-number'], name='audit_by_action')],
                },
            ),
            migrations.AddConstraint(
                model_name='operator',
                constraint=models.UniqueConstraint(models.F('sso_id'), condition=models.Q(('sso_id', ''), _negated=True), name='operator_by_sso_id'),
            ),
        ]),
        migrations.RunSQL(audit.CHAIN),
        migrations.RunSQL(audit.KEEP),
    ]
