import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import collectors.models.account


class Migration(migrations.Migration):
    dependencies = [
        ("collectors", "0006_organization_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="connectiontest",
            name="template",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("chosen", "Chosen"),
                            ("frozen", "Suspended or being closed"),
                            ("gone", "Left the organization"),
                            ("left_out", "Left out by hand"),
                            ("not_chosen", "Not chosen"),
                            ("undecided", "Cannot be told yet"),
                        ],
                        default="chosen",
                        max_length=10,
                    ),
                ),
                ("state", models.CharField(default="ACTIVE", max_length=32)),
                ("name", models.CharField(max_length=128)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("paused", models.BooleanField(default=False)),
                ("account", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="collectors.account")),
            ],
        ),
        migrations.CreateModel(
            name="OrganizationConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "organization_id",
                    models.CharField(
                        max_length=34,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^o-[a-z0-9]{10,32}\\Z", "An organization's id is o- and 10 to 32 letters and digits."
                            )
                        ],
                    ),
                ),
                (
                    "secret",
                    models.CharField(default=collectors.models.account.new_external_id, editable=False, max_length=48),
                ),
                (
                    "role_name",
                    models.CharField(
                        default="iamdash-readonly",
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "A role name has 1 to 64 letters, digits or + = , . @ _ -",
                            )
                        ],
                    ),
                ),
                (
                    "hub_role_arn",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=600,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}\\Z",
                                "A role's ARN is arn:aws:iam::<12 digits>:role/<name>.",
                            )
                        ],
                    ),
                ),
                (
                    "hub_external_id",
                    models.CharField(default=collectors.models.account.new_external_id, editable=False, max_length=64),
                ),
                ("units", models.JSONField(default=list)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("left_out", models.JSONField(blank=True, default=list)),
                ("joining", models.BooleanField(default=True)),
                ("paused", models.BooleanField(default=False)),
                ("set_by", models.CharField(max_length=150)),
                ("set_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("account", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="collectors.account")),
            ],
        ),
        migrations.AddField(
            model_name="connection",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="collectors.organizationconnection",
            ),
        ),
    ]
