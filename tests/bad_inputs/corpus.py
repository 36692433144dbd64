"""Bad inputs that occur, once for all roads: bundle, collector, trail. R: seen in real data, D: documented (TRUST)."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.collectors.activity.events import event, log, packed, role
from tests.collectors.test_credential_report import HEADER, ROOT, user

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}


@dataclass(frozen=True)
class Policy:
    """A role's trust policy. said: why it cannot be read; "" for one that can. noted: what a bundle's uploader is told."""

    name: str
    seen: str
    document: Any
    said: str = ""
    noted: str = ""


def trust(version: str | None = "2012-10-17", **changes: Any) -> dict[str, Any]:
    """changes: elements of its statement; None takes one away."""
    statement = {k: v for k, v in (ALLOW | changes).items() if v is not None}
    return {"Statement": statement} | ({"Version": version} if version else {})


def many(n: int) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [ALLOW | {"Sid": f"S{i}"} for i in range(n)]}


POLICIES = (
    Policy("statement-single", "R", trust()),
    Policy("action-list", "R", trust(Action=["sts:AssumeRole", "sts:TagSession"])),
    Policy("condition-single", "R", trust(Condition={"StringEquals": {"sts:ExternalId": "x"}})),
    Policy("condition-bool", "R", trust(Condition={"Bool": {"aws:MultiFactorAuthPresent": True}})),
    Policy("action-lower", "R", trust(Action="sts:assumerole")),
    Policy("action-upper", "R", trust(Action="STS:ASSUMEROLE")),
    Policy("not-action", "R", trust(Action=None, NotAction="sts:TagSession")),
    Policy("not-resource", "R", trust(NotResource="arn:aws:s3:::x")),
    Policy("any-partition", "R", trust(Resource="arn:*:iam::*:role/*")),
    Policy("variable", "R", trust(Condition={"StringLike": {"sts:RoleSessionName": "${aws:username}"}})),
    Policy("113557-characters", "R", many(950)),
    Policy("not-json", "R", "this is no policy at all", "the text is not JSON"),
    Policy("undecodable", "R", '{"Statement": [%zz', "the text is not JSON"),
    Policy("principal-anyone", "D", trust(Principal="*")),
    Policy("principal-aws-anyone", "D", trust(Principal={"AWS": "*"})),
    Policy("principal-digits", "D", trust(Principal={"AWS": "123456789012"})),
    Policy("principal-deleted-role", "D", trust(Principal={"AWS": "AROAEXAMPLEEXAMPLE123"})),
    Policy("principal-deleted-user", "D", trust(Principal={"AWS": ["AIDAEXAMPLEEXAMPLE123"]})),
    Policy("version-missing", "D", trust(None)),
    Policy("version-2008", "D", trust("2008-10-17")),
    Policy("version-unknown", "D", trust("2033-01-01"), "Version 2033-01-01 is not known"),
    Policy("for-all-values", "D", trust(Condition={"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}})),
    Policy("bracket", "D", trust(Resource="arn:aws:s3:::a[b-*]c?")),
    Policy("plus", "D", trust(Condition={"StringEquals": {"sts:ExternalId": "a+b c%2B"}})),
    Policy("effect-lower", "D", trust(Effect="allow"), "Effect must be Allow or Deny"),
    Policy("statement-text", "D", {"Version": "2012-10-17", "Statement": "Allow"}, "Statement is text"),
    Policy("escaped-nul", "R", '{"Version":"2012-10-17","Statement":[{"Sid":"a\\u0000b\\ud800",'
           '"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}'),
)  # fmt: skip
# botocore reads these on its way and keeps the last of two; a bundle's text comes to us as it is.
TEXTS = (
    Policy("duplicate-keys", "D", '{"Version":"2012-10-17","Statement":[],"Statement":[]}', "not read",
           "names Statement twice"),
    Policy("too-deep", "D", '{"Version":"2012-10-17","Statement":' + "[" * 70 + "]" * 70 + "}", "not read",
           "nests deeper than 64 levels"),
    Policy("too-long", "D", json.dumps(many(9_000)), "not read", "more than 1,000,000"),
)  # fmt: skip


@dataclass(frozen=True)
class Text:
    """A tag's value, and what is kept of it. xml False: AWS's answers cannot hold it."""

    name: str
    seen: str
    value: str
    kept: str
    xml: bool = True


TEXTS_OF_OTHERS = (
    Text("nul", "D", "a\0b", "a\ufffdb", xml=False),
    Text("lone-surrogate", "R", "a\ud800b", "a\ufffdb", xml=False),
    Text("right-to-left", "D", "a\u202egpj.exe", "a\u202egpj.exe"),
    Text("zero-width", "D", "pay\u200bments", "pay\u200bments"),
    Text("script", "D", "<script>alert(1)</script>", "<script>alert(1)</script>"),
    Text("formula", "D", '=HYPERLINK("https://x.example","y")', '=HYPERLINK("https://x.example","y")'),
    Text("escape-sequence", "D", "\x1b[31mred\r\nX-Other: 1", "\x1b[31mred\r\nX-Other: 1", xml=False),
)


@dataclass(frozen=True)
class Report:
    """A credential report. users: who is read of it. said: a problem of the rest; whole: the state of its coverage."""

    name: str
    seen: str
    text: bytes
    users: tuple[str, ...]
    said: str = ""


def lines(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows)).encode()


ONE = user("ci")
REPORTS = (
    Report("header-only", "D", lines(), ()),
    Report("root", "D", lines(ROOT), ("<root_account>",)),
    Report("no-information", "D", lines(user("ci", password="true,no_information,N/A,N/A")), ("ci",)),
    Report("quoted-comma", "D", lines(ONE.replace("ci", '"a,b"', 1)), ("a,b",)),
    Report("extra-column", "D", lines(ONE + ",more", header=HEADER + ",new_column"), ("ci",)),
    Report("missing-column", "D", b"user,arn,user_creation_time\nci,arn:aws:iam::000000000001:user/ci,2026-01-01T00:00:00Z",
           ("ci",)),
    Report("reordered-columns", "D",
           b"user_creation_time,arn,user\n2026-01-01T00:00:00Z,arn:aws:iam::000000000001:user/ci,ci", ("ci",)),
    Report("byte-order-mark", "D", b"\xef\xbb\xbf" + lines(ONE), ("ci",)),
    Report("crlf", "D", lines(ONE).replace(b"\n", b"\r\n"), ("ci",)),
    Report("bad-row", "D", lines(ONE, user("bad").replace("2026-01-01T00:00:00+00:00", "soon", 1)), ("ci",),
           "user_creation_time of bad is no date"),
    Report("short-row", "D", lines(ONE, "lost"), ("ci",), "has no user or no arn"),
    Report("no-header", "D", b"<html>sign in</html>", (), "no header with the columns user and arn"),
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """An object of a trail. events, rejected: of its records. problem: why it was not read to its end."""

    name: str
    seen: str
    blob: bytes
    events: int
    rejected: int = 0
    problem: str = ""


GOOD = event()


def between(*odd: Any) -> bytes:
    """Odd records, with a good one before and behind."""
    return packed(GOOD, *odd, GOOD)


FILES = (
    File("no-identity-type", "R", between(event(userIdentity={"principalId": "x"})), 3),
    File("service-without-account", "R",
         between(event(userIdentity={"type": "AWSService", "invokedBy": "ec2.amazonaws.com"})), 3),
    File("null-parameters", "R", between(event(requestParameters=None, responseElements=None)), 3),
    File("service-as-address", "R", between(event(sourceIPAddress="cloudformation.amazonaws.com")), 3),
    File("hidden-user", "R", between(event("ConsoleLogin", "signin", userIdentity={
        "type": "IAMUser", "accountId": "000000000001", "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"})), 3),
    File("shared-event", "R", between(event(sharedEventID="1"), event(sharedEventID="1")), 4),
    File("denied-many-ways", "R", between(*(event(errorCode=code) for code in (
        "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation",
        "accessDenied", "AuthorizationErrorException"))), 8),
    File("json-lines", "D", b"\n".join(json.dumps(one).encode() for one in (GOOD, GOOD)), 2),
    File("not-compressed", "R", log(GOOD, GOOD), 2),
    File("members", "D", gzip.compress(log(GOOD, GOOD)[:300]) + gzip.compress(log(GOOD, GOOD)[300:]), 2),
    File("truncated", "D", packed(GOOD)[:-20], 0, 1, "it is truncated"),
    File("empty", "D", b"", 0, 0, "it is empty"),
    File("no-records", "D", b'{"hello": "world"}', 0, 0, "it holds no Records"),
    File("bad-line", "D", log(GOOD)[:-2] + b', {"eventVersion": "1.0", oops}]}', 1, 1),
    File("of-1970", "D", between(event(eventTime="1970-01-01T00:00:00Z")), 2, 1),
    File("of-the-future", "D", between(event(eventTime="2100-01-01T00:00:00Z")), 2, 1),
    File("unknown-version", "D", between(event(eventVersion="9.99")), 3),
    File("other-account", "R", between(event(userIdentity=role("x", account="000000000009"))), 3),
    File("digest", "D", b'{"awsAccountId": "1", "digestStartTime": "2026-11-01T00:00:00Z", "logFiles": []}', 0),
    File("odd-strings", "D",
         between(event(userAgent="\x1b[31m\r\nX: 1\0", errorMessage="\ud800<script>")), 3),
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """An entry of the organization's list of accounts. kept: whether it is one of the organization's accounts afterwards."""

    name: str
    seen: str
    entry: dict[str, Any]
    state: str


def member(account: str, name: str, state: str) -> dict[str, Any]:
    arn = f"arn:aws:organizations::000000000009:account/o-1/{account}"
    return {"Id": account, "Arn": arn, "Email": "x@example.com", "Name": name, "Status": state, "State": state,
            "JoinedMethod": "CREATED", "JoinedTimestamp": 1_600_000_000.0}  # fmt: skip


MEMBERS = (
    Member("closed", "D", member("000000000021", "old", "CLOSED"), "CLOSED"),
    Member("pending-activation", "D", member("000000000022", "new", "PENDING_ACTIVATION"), "PENDING_ACTIVATION"),
    Member("pending-closure", "D", member("000000000023", "leaving", "PENDING_CLOSURE"), "PENDING_CLOSURE"),
    Member("suspended", "D", member("000000000024", "stopped", "SUSPENDED"), "SUSPENDED"),
    Member("same-name", "D", member("000000000025", "new", "ACTIVE"), "ACTIVE"),
    Member("leading-zeros", "D", member("000000000001", "<script>alert(1)</script>", "ACTIVE"), "ACTIVE"),
)
