"""The audit log. The database numbers, dates and chains its entries, whoever writes them, and lets nobody change one."""

import django.db.models.functions.datetime
from django.db import migrations, models

# One writer at a time: an advisory lock until the transaction ends (a chain row would be updated by each entry, and be the one row
# that vacuum runs after). Security definer: the web inserts, and neither chooses the number nor the time nor the hash.
CHAIN = """
create function access_audit_chain() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last record;
begin
    perform pg_advisory_xact_lock(7237970109966541);
    select number, hash into last from access_auditentry order by number desc limit 1;
    new.number := coalesce(last.number, 0) + 1;
    new.previous := coalesce(last.hash, repeat('0', 64));
    new.at := clock_timestamp();
    new.hash := encode(sha256(convert_to(new.previous || to_jsonb(array[
        new.number::text, to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), coalesce(new.actor_id::text, ''),
        new.actor, new.via, new.address, new.agent, new.action, new.object, new.outcome, new.detail
    ])::text, 'UTF8')), 'hex');
    return new;
end $$;
create trigger access_audit_chain before insert on access_auditentry for each row execute function access_audit_chain();
"""
KEEP = """
create function access_audit_keep() returns trigger language plpgsql as $$
begin
    raise exception 'The audit log is append-only.' using errcode = 'insufficient_privilege';
end $$;
create trigger access_audit_keep before update or delete on access_auditentry for each row execute function access_audit_keep();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0002_apitoken'),
    ]

    operations = [
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
                'indexes': [
                    models.Index(fields=['actor', '-number'], name='audit_by_actor'),
                    models.Index(fields=['action', '-number'], name='audit_by_action'),
                ],
            },
        ),
        migrations.RunSQL(
            CHAIN, "drop trigger access_audit_chain on access_auditentry; drop function access_audit_chain()"
        ),
        migrations.RunSQL(
            KEEP, "drop trigger access_audit_keep on access_auditentry; drop function access_audit_keep()"
        ),
    ]
