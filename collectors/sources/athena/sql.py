"""The table over the trail's files, the one statement, and its rows as CloudTrail's records again.

A row is a group of events that the aggregate (collectors.activity) could not tell apart but for their times: so what is made of
the rows is what would be made of the files. Administrative calls are kept whole, and are each a row of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from collectors.activity.acting import SPECIAL
from collectors.activity.admin import ORDINARY, READS
from collectors.activity.admin import SOURCES as ADMINISTRATIVE
from collectors.sources.trail_bucket import Place

REGIONS = (
    "af-south-1,ap-east-1,ap-east-2,ap-northeast-1,ap-northeast-2,ap-northeast-3,ap-south-1,ap-south-2,ap-southeast-1,ap-southeast-2,"
    "ap-southeast-3,ap-southeast-4,ap-southeast-5,ap-southeast-6,ap-southeast-7,ca-central-1,ca-west-1,cn-north-1,cn-northwest-1,"
    "eu-central-1,eu-central-2,eu-north-1,eu-south-1,eu-south-2,eu-west-1,eu-west-2,eu-west-3,il-central-1,me-central-1,me-south-1,"
    "mx-central-1,sa-east-1,us-east-1,us-east-2,us-gov-east-1,us-gov-west-1,us-west-1,us-west-2"
)


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


# Kept whole: the same events as collectors.activity.admin.administrative().
WHOLE = (
    f"(eventsource in ({_quoted(ADMINISTRATIVE)}) and eventname not in ({_quoted(ORDINARY)})"
    f" and (not regexp_like(eventname, '^({'|'.join(READS)})') or lower(readonly) = 'false'))"
)
TOLD = f"(eventname in ({_quoted(SPECIAL)}) and eventsource in ('sts.amazonaws.com', 'signin.amazonaws.com'))"
BUCKET = "json_extract_scalar(requestparameters, '$.bucketName')"
KEY = "coalesce(json_extract_scalar(requestparameters, '$.key'), json_extract_scalar(requestparameters, '$.prefix'))"


class Column(NamedTuple):
    """path: where its value stands in a record. parsed: it is JSON."""

    name: str
    sql: str
    path: tuple[str, ...]
    parsed: bool = False


def _identity(name: str, *path: str, sql: str = "") -> Column:
    return Column(name, sql or ".".join(("useridentity", *path)).lower(), ("userIdentity", *path))


def _told(name: str, part: str, *path: str) -> Column:
    """Of sign-ins and role assumptions."""
    place = "".join(f".{one}" for one in path)
    return Column(name, f"case when {TOLD} then json_extract_scalar({part.lower()}, '${place}') end", (part, *path))


COLUMNS = (
    Column("recipient", "recipientaccountid", ("recipientAccountId",)),
    Column("source", "eventsource", ("eventSource",)),
    Column("name", "eventname", ("eventName",)),
    Column("in_region", "awsregion", ("awsRegion",)),
    Column("version", "eventversion", ("eventVersion",)),
    Column("type", "eventtype", ("eventType",)),
    Column("category", "eventcategory", ("eventCategory",)),
    Column("address", "sourceipaddress", ("sourceIPAddress",)),
    Column("agent", "useragent", ("userAgent",)),
    Column("error", "errorcode", ("errorCode",)),
    Column(
        "message",
        "case when strpos(errormessage, 'not authorized to perform') > 0 then 'not authorized to perform'"
        " when errormessage is not null then 'told' end",
        ("errorMessage",),
    ),
    Column("console", "sessioncredentialfromconsole", ("sessionCredentialFromConsole",)),
    Column("shared", "case when sharedeventid is not null then 'shared' end", ("sharedEventID",)),
    Column("endpoint", "vpcendpointid", ("vpcEndpointId",)),
    Column("endpoint_owner", "vpcendpointaccountid", ("vpcEndpointAccountId",)),
    Column("read_only", "readonly", ("readOnly",)),
    _identity("who_type", "type"),
    _identity("who_id", "principalId"),
    _identity("who_arn", "arn"),
    _identity("who_account", "accountId"),
    _identity(  # a temporary key would make a group of each session
        "who_key",
        "accessKeyId",
        sql="case when substr(useridentity.accesskeyid, 1, 4) = 'AKIA' then useridentity.accesskeyid end",
    ),
    _identity("who_name", "userName"),
    _identity("who_for", "invokedBy"),
    _identity("who_provider", "identityProvider"),
    _identity("who_credential", "credentialId"),
    _identity("who_behalf", "onBehalfOf", "userId"),
    _identity("issuer_id", "sessionContext", "sessionIssuer", "principalId"),
    _identity("issuer_arn", "sessionContext", "sessionIssuer", "arn"),
    _identity("mfa", "sessionContext", "attributes", "mfaAuthenticated"),
    _identity("federated", "sessionContext", "webIdFederationData", "federatedProvider"),
    _identity("identity_source", "sessionContext", "sourceIdentity"),
    _identity("instance", "sessionContext", "ec2RoleDelivery"),
    _told("to_role", "requestParameters", "roleArn"),
    _told("to_session", "requestParameters", "roleSessionName"),
    _told("by_provider", "requestParameters", "principalArn"),
    _told("to_source", "requestParameters", "sourceIdentity"),
    _told("login", "responseElements", "ConsoleLogin"),
    _told("switched", "responseElements", "SwitchRole"),
    _told("role_id", "responseElements", "assumedRoleUser", "assumedRoleId"),
    _told("switched_from", "additionalEventData", "SwitchFrom"),
    _told("mfa_used", "additionalEventData", "MFAUsed"),
    _told("saml", "additionalEventData", "SamlProviderArn"),
    Column("bucket", f"case when {WHOLE} then null else {BUCKET} end", ("requestParameters", "bucketName")),
    Column(  # of a key its first folder; what lies at the top is one
        "folder",
        f"case when {BUCKET} is null or {WHOLE} or {KEY} is null or {KEY} = '' then null"
        f" when strpos({KEY}, '/') > 0 then concat(split_part({KEY}, '/', 1), '/') else 'key' end",
        ("requestParameters", "key"),
    ),
    Column(
        "named",
        f"case when {BUCKET} is null then json_format(cast(transform(resources, one -> one.arn) as json)) end",
        ("resources",),
        parsed=True,
    ),
    Column("id", f"case when {WHOLE} then eventid end", ("eventID",)),
    Column("asked", f"case when {WHOLE} then requestparameters end", ("requestParameters",), parsed=True),
    Column("answered", f"case when {WHOLE} then responseelements end", ("responseElements",), parsed=True),
)
COUNTS = (("n", "count(*)"), ("first_at", "min(eventtime)"), ("last_at", "max(eventtime)"))
NAMES = ("owner", *(column.name for column in COLUMNS), *(name for name, _ in COUNTS))


def statement(table: str, day: date, accounts: Sequence[str], without: Iterable[str] = ()) -> str:
    """What happened in these accounts on a day. without: ids of events that were counted by another road. All that is put in is
    of letters that mean nothing in SQL: the caller sees to that."""
    columns = ",\n  ".join(
        [
            "account as owner",
            *(f"{c.sql} as {c.name}" for c in COLUMNS),
            *(f"{text} as {name}" for name, text in COUNTS),
        ]
    )
    places = ", ".join(str(n) for n in range(1, len(COLUMNS) + 2))
    counted = f"\n  and eventid not in ({_quoted(without)})" if (without := list(without)) else ""
    return (
        f"select\n  {columns}\nfrom {table}\n"
        f"where account in ({_quoted(accounts)}) and day = '{day:%Y/%m/%d}'{counted}\ngroup by {places}"
    )


@dataclass(frozen=True)
class Group:
    """owner: the account in whose folder the events lie. first, last: CloudTrail's records, which differ by their times only."""

    owner: str
    n: int
    first: dict[str, Any]
    last: dict[str, Any]


def group(row: Sequence[str | None]) -> Group:
    """Raises ValueError for a row that is none of the statement's."""
    owner, *values = row
    *values, n, first_at, last_at = values
    if len(values) != len(COLUMNS) or not owner or not n or not n.isdigit():
        raise ValueError("a row has other columns than the query")
    record: dict[str, Any] = {}
    for column, value in zip(COLUMNS, values, strict=True):
        if value is not None:
            _put(record, column, value)
    return Group(owner, int(n), record | {"eventTime": first_at}, record | {"eventTime": last_at})


def _put(record: dict[str, Any], column: Column, value: str) -> None:
    found: Any = value
    if column.parsed:
        try:
            found = json.loads(value)
        except ValueError:
            return
        if column.path == ("resources",):
            found = [{"ARN": arn} for arn in found if arn] if isinstance(found, list) else None
        if found is None:
            return
    *above, last = column.path
    for name in above:
        record = record.setdefault(name, {})
    record[last] = found


TABLE = """create external table if not exists {table} (
  eventversion string,
  useridentity struct<
    type:string, principalid:string, arn:string, accountid:string, invokedby:string, accesskeyid:string, username:string,
    identityprovider:string, credentialid:string, onbehalfof:struct<userid:string>,
    sessioncontext:struct<
      attributes:struct<mfaauthenticated:string, creationdate:string>,
      sessionissuer:struct<type:string, principalid:string, arn:string, accountid:string, username:string>,
      webidfederationdata:struct<federatedprovider:string>,
      sourceidentity:string, ec2roledelivery:string>>,
  eventtime string, eventsource string, eventname string, awsregion string, sourceipaddress string, useragent string,
  errorcode string, errormessage string, requestparameters string, responseelements string, additionaleventdata string,
  eventid string, readonly string, eventtype string, eventcategory string, recipientaccountid string, sharedeventid string,
  sessioncredentialfromconsole string, vpcendpointid string, vpcendpointaccountid string,
  resources array<struct<arn:string, accountid:string, type:string>>
)
partitioned by (account string, region string, day string)
row format serde 'org.apache.hive.hcatalog.data.JsonSerDe'
stored as inputformat 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
outputformat 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
location 's3://{bucket}/{root}'
tblproperties (
  'projection.enabled'='true',
  'projection.account.type'='injected',
  'projection.region.type'='enum', 'projection.region.values'='{regions}',
  'projection.day.type'='date', 'projection.day.format'='yyyy/MM/dd', 'projection.day.interval'='1',
  'projection.day.interval.unit'='DAYS', 'projection.day.range'='{begin:%Y/%m/%d},NOW',
  'storage.location.template'='s3://{bucket}/{folder}${{region}}/${{day}}'
)"""


def table(name: str, where: Place, begin: date) -> str:
    """The statement that makes the table; it reads nothing, and costs nothing. begin: of the days that can be asked for."""
    return TABLE.format(
        table=name,
        bucket=where.bucket,
        root=where.root,
        folder=where.folder("${account}"),
        regions=REGIONS,
        begin=begin - timedelta(days=1),
    )
