"""Every name in the database as somebody with bad intent would choose it."""

from __future__ import annotations

import json

from django.db import connection

SCRIPT = "<script>window.hacked = 1</script>"
IMAGE = '"><img src=x onerror="window.hacked = 1">'
FORMULA = '=HYPERLINK("x","y")'
BACKWARDS = "a\u202egnp\u200b.exe"
TEMPLATE = "{{ 7|add:7 }}' onmouseover='window.hacked = 1"
AGENT = "\x1b[31mred\r\nSet-Cookie: x=1"  # of what is written into CloudTrail; names hold no line ends
COLUMNS = """
select c.relname, a.attname, a.atttypmod - 4, format_type(a.atttypid, null)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relkind in ('r', 'p') and not c.relispartition and c.relname ~ '^(collectors|findings|notify)_'
and format_type(a.atttypid, null) in ('character varying', 'text', 'jsonb') order by 1, 2
"""


NO_ID = "(?<!(p|ps|ou)-)"  # AWS makes the ids of policies, permission sets and OUs


def poison(bad: dict[str, str]) -> int:
    """Wherever a name stands, alone or inside of another, its bad one stands then. Returns how many rows it changed."""
    rows = 0
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, length, kind in cursor.fetchall():
            for name, chosen in bad.items():
                json_ = kind == "jsonb"
                text = (json.dumps(chosen)[1:-1] if json_ else chosen).replace("\\", r"\\")
                told = f"""regexp_replace("{column}"::text, %s, %s, 'g')"""
                told = f"{told}::jsonb" if json_ else f"left({told}, {length if length > 0 else 10_000})"
                cursor.execute(
                    f'update "{table}" set "{column}" = {told} where position(%s in "{column}"::text) > 0',
                    [NO_ID + name, text, name],
                )
                rows += cursor.rowcount
        cursor.execute("update collectors_principal set arn = rpad(arn, 2048, 'x'), path = rpad('/', 511, 'y') || '/'")
        cursor.execute("update collectors_policy set arn = rpad(arn, 2048, 'x')")
    return rows
