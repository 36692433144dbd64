from __future__ import annotations

from dataclasses import replace

import pytest

from findings.analysis.unseen import UNSEEN, unseen
from findings.analysis.usage import CLOUDTRAIL, Seen, Use, idle, merged, use
from findings.policy.catalogue import catalogue
from tests.builders import ago, facts, last_accessed, role, user
from tests.findings.rules.judging import denied
from tests.findings.sessions import called, read

C = catalogue()
WINDOW = ago(90)


def watched(**services: float | None) -> Use:
    seen = {name: Seen(None if days is None else ago(days), "x") for name, days in services.items()}
    return Use(seen, since=ago(400))


@pytest.mark.parametrize("pattern", [p for one in UNSEEN for p in one.patterns])
def test_what_cannot_be_seen_is_in_the_catalogue(pattern: str) -> None:
    assert C.match(pattern)


def test_each_tells_why_and_where_that_is_written() -> None:
    assert all(one.why and one.source.startswith("https://docs.aws.amazon.com/") for one in UNSEEN)


def test_a_service_hides_less_than_an_action() -> None:
    assert C.members(unseen(C)) == ["iam:PassRole"]
    assert unseen(C, by_service=False) & C.bit("s3:GetObject")
    assert unseen(C, by_service=False) & ~C.all == 0


def test_use_is_seen_unseen_or_unknown() -> None:
    known = watched(s3=90, ec2=91, iam=None)
    assert [known.used(s, WINDOW) for s in ("s3", "ec2", "iam", "sqs")] == [True, False, False, None]


def test_an_unread_source_still_shows_use_and_never_silence() -> None:
    known = replace(watched(s3=10, ec2=200), unread="denied")
    assert [known.used(s, WINDOW) for s in ("s3", "ec2", "sqs")] == [True, None, None]


def test_access_advisor_is_read_for_each_principal() -> None:
    app, idler = role("app"), role("idler")
    found = facts(app, idler, last_accessed(app, s3=3, ec2=None))
    known = use(app, found)
    assert (known.last("s3"), known.last("ec2"), known.unread) == (ago(3), None, "")
    assert use(idler, found).unread == "Access Advisor was not read for idler"


def test_namespaces_are_service_prefixes_whatever_their_case() -> None:
    app = user("app")
    assert use(app, facts(app, last_accessed(app, S3=3))).used("s3", WINDOW)


def test_silence_of_an_old_reading_says_nothing() -> None:
    app = role("app")
    known = use(app, facts(app, last_accessed(app, read=3, s3=5, ec2=None)))
    assert known.unread == "Access Advisor was read for app on 2026-11-21, more than 2 days ago"
    assert (known.used("s3", WINDOW), known.used("ec2", WINDOW)) == (True, None)


def test_the_reason_names_what_was_denied() -> None:
    app = role("app")
    known = use(app, facts(app, coverage=denied("GetServiceLastAccessedDetails")))
    assert "it needs the permission iam:GetServiceLastAccessedDetails" in known.unread


@pytest.mark.parametrize(("created", "since"), [(20, 20), (399, 399), (900, 400.5)])
def test_it_was_watched_since_it_is_there_and_for_400_days(created: float, since: float) -> None:
    app = role("app", created=created)
    assert use(app, facts(app, last_accessed(app, s3=3))).since == ago(since)


def test_sources_together_know_the_newest_use() -> None:
    together = merged([watched(s3=50, ec2=None), watched(s3=3, ec2=7, sqs=None)])
    assert (together.last("s3"), together.last("ec2"), together.last("sqs")) == (ago(3), ago(7), None)
    assert together.used("sqs", WINDOW) is False


def test_one_that_did_not_listen_adds_sightings_only() -> None:
    deaf = replace(watched(s3=3, sqs=None), unread="denied")
    together = merged([watched(s3=200), deaf])
    assert (together.used("s3", WINDOW), together.used("sqs", WINDOW), together.unread) == (True, None, "")
    assert merged([deaf, deaf]).unread == "denied; denied"


def test_a_role_that_nobody_saw_is_idle_and_a_user_is_another_question() -> None:
    quiet, busy, person = role("quiet", used=200), role("busy", used=3), user("person")
    advised, tried = role("advised"), role("tried")
    found = facts(
        quiet, busy, person, advised, tried, last_accessed(advised, s3=20), last_accessed(tried, s3=200, ec2=None)
    )
    assert [idle(one, found) for one in (quiet, busy, person, advised, tried)] == [True, False, False, False, True]


def test_calls_show_services_and_actions_in_use_and_denied_ones_do_not() -> None:
    app = role("app")
    calls = (
        called(app, "s3 ListObjectsV2", used=5),
        called(app, "s3 HeadBucket", used=2),
        called(app, "monitoring PutMetricAlarm", used=9),
        called(app, "ec2 RunInstances", used=None, denied=1),
        called(role("other"), "ec2 RunInstances"),
    )
    known = use(app, facts(app, last_accessed(app, s3=7, ec2=None), **read(event_uses=calls)))
    assert (known.last("s3"), known.last("cloudwatch"), known.last("ec2")) == (ago(2), ago(9), None)
    assert known.services["s3"].source == CLOUDTRAIL
    assert [known.used_action(a, WINDOW) for a in ("s3:ListBucket", "cloudwatch:PutMetricAlarm", "ec2:RunInstances")] == [
        True, True, False,
    ]  # fmt: skip
    assert known.unread == ""


def test_a_call_that_is_not_mapped_is_told_and_keeps_its_service_used() -> None:
    app = role("app")
    calls = (
        called(app, "ec2 BrandNewCall", used=4),
        called(app, "nobody-knows DoIt"),
        called(app, "signin ConsoleLogin"),
    )
    known = use(app, facts(app, last_accessed(app, ec2=None), **read(event_uses=calls)))
    assert known.unmapped == ("ec2.amazonaws.com BrandNewCall", "nobody-knows.amazonaws.com DoIt")
    assert (known.used("ec2", WINDOW), list(known.actions)) == (True, [])


def test_calls_alone_never_say_that_a_service_is_unused() -> None:
    """Data events are in most trails not, and Access Advisor was not read."""
    app = role("app")
    known = use(app, facts(app, **read(event_uses=(called(app, "ec2 RunInstances"),))))
    assert [known.used(s, WINDOW) for s in ("ec2", "s3")] == [True, None]
    assert known.unread.startswith("Access Advisor was not read for app; CloudTrail shows only")


def test_a_role_that_only_calls_show_in_use_is_not_idle() -> None:
    quiet, busy = role("quiet"), role("busy")
    found = facts(
        quiet, busy, **read(event_uses=(called(busy, "ec2 RunInstances", used=80), called(quiet, "ec2 X", used=91)))
    )
    assert [idle(one, found) for one in (quiet, busy)] == [True, False]
