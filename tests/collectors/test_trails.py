"""Trails and alarms, through the lab over HTTP into PostgreSQL; and what AWS may answer otherwise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from collectors import runner
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS
from collectors.gather import Gathered, coverage, gather
from collectors.lab import watched
from collectors.lab.watched import Trail as Planted
from collectors.models import Account, Alarm, Coverage, Trail, Version
from collectors.models.snapshot import read_snapshot
from collectors.records import Selector, State
from collectors.sources import alarms, trails
from tests.builders import AS_OF
from tests.collectors.bundles import read
from tests.collectors.running import run

HOME, OTHER, THIRD = "eu-west-1", "us-east-1", "us-west-2"
OWN, OWNER = "000000000001", "000000000009"
EVERY = (HOME, OTHER, THIRD)


def rows(account: Account, *apis: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {api: {} for api in apis}
    for row in Coverage.objects.filter(account=account, api__in=apis):
        found[row.api][row.region] = row.state
    return found


def asked(aws: Any, account: Account) -> dict[str, int]:
    found: Counter[str] = Counter()
    for call in aws.calls():
        if (call["account"], call["service"]) == (account.aws_id, "cloudtrail"):
            found[call["operation"]] += call["n"]
    return dict(found)


@pytest.fixture
def planted(lab: Any, connected: list[Account]) -> Iterator[list[Planted]]:
    """Trails of the lab's third account, beside its organization's: one of its own, of one region."""
    account = connected[2]
    there = watched.of(account.aws_id, lab.world)
    told = {
        "Name": "own",
        "TrailARN": f"arn:aws:cloudtrail:{OTHER}:{account.aws_id}:trail/own",
        "HomeRegion": OTHER,
        "IsMultiRegionTrail": False,
        "IsOrganizationTrail": False,
    }
    there.trails.append(Planted(told, lab.world.settings.now - timedelta(days=30)))
    yield there.trails
    there.trails.clear()


@pytest.mark.django_db
def test_the_organizations_trail_is_asked_about_once_and_seen_by_its_members(
    connected: list[Account], aws: Any
) -> None:
    management, member = connected[0], connected[1]
    run(management, "trails", "alarms")
    (trail,) = Trail.present.filter(account=management)
    told = trail.as_record
    assert (trail.name, trail.region, told.home_region) == ("organization-trail", "", HOME)
    assert (told.owner, told.organization, told.log_group[-18:]) == (management.aws_id, True, "organization-trail")
    assert (told.logging, told.errors, told.insights, told.unread) == (True, {}, ("ApiCallRateInsight",), ())
    assert [one.category for one in told.selectors] == ["Management", "Data"]
    assert rows(management, trails.DESCRIBE, trails.GET_STATUS) == {
        trails.DESCRIBE: dict.fromkeys(EVERY, "complete"),
        trails.GET_STATUS: {HOME: "complete"},
    }
    run(member, "trails", "alarms")
    (shadow,) = Trail.present.filter(account=member)
    assert (shadow.unique_id, shadow.as_record.logging) == (trail.unique_id, True)
    assert shadow.as_record.unread == ("insights", "selectors")
    assert rows(member, trails.GET_STATUS, trails.GET_SELECTORS) == {
        trails.GET_STATUS: {HOME: "complete"},
        trails.GET_SELECTORS: {HOME: "not_applicable"},
    }
    once = {"GetTrailStatus": 1, "GetEventSelectors": 1, "GetInsightSelectors": 1}
    assert asked(aws, member) == {"DescribeTrails": 3, **once}
    snapshot = read_snapshot(member, AS_OF)
    assert [one.unread for one in snapshot.trails_elsewhere] == [()]
    assert {one.owner for one in snapshot.alarms} == {management.aws_id}
    assert set(snapshot.trail_coverage) == {management.aws_id}
    assert set(next(one.regions for one in snapshot.details if one.regions)) == set(EVERY)


@pytest.mark.django_db
def test_an_alarm_is_joined_from_filter_to_subscriber(connected: list[Account]) -> None:
    management = connected[0]
    run(management, "alarms")
    found = {row.name: row.as_record for row in Alarm.present.filter(account=management)}
    security, platform = (f"arn:aws:sns:{HOME}:{management.aws_id}:{name}" for name in ("security", "platform"))
    assert found["root"].log_group == f"arn:aws:logs:{HOME}:{management.aws_id}:log-group:organization-trail"
    assert (found["root"].alarms, found["root"].heard, found["root"].deaf) == (("root",), (security,), ())
    assert (found["config"].receivers, found["config"].heard, found["config"].deaf) == ((platform,), (), (platform,))


@pytest.mark.django_db
def test_a_trail_that_stops_is_a_version_and_a_delivery_is_none(
    connected: list[Account], planted: list[Planted], lab: Any
) -> None:
    account = connected[2]
    mine = Version.objects.filter(account=account, kind="trail", data__name="own").order_by("pk")
    run(account, "trails")
    run(account, "trails")
    assert mine.count() == 1
    planted[0].stopped = lab.world.settings.now - timedelta(hours=1)
    run(account, "trails")
    assert [one.data["logging"] for one in mine] == [True, False]
    assert all("delivered_at" not in one.data and "unread" not in one.data for one in mine)
    seen = [one for one in read_snapshot(account, timezone.now()).recordings if one.name == "own"]
    assert [one.since for one in seen] == [one.seen_from for one in mine]
    assert seen[0].details["multi_region"] == "false"
    assert seen[0].details["selectors"].startswith("management=")
    planted.clear()
    run(account, "trails")
    assert list(Trail.present.filter(account=account).values_list("name", flat=True)) == ["organization-trail"]
    assert not mine.filter(seen_to=None).exists()


@pytest.mark.django_db
def test_what_is_not_told_keeps_what_was_and_says_so(
    connected: list[Account], planted: list[Planted], aws: Any
) -> None:
    account = connected[2]
    run(account, "trails")
    aws.fault("deny", account=account.aws_id, service="cloudtrail", operation="GetTrailStatus")
    run(account, "trails")
    told = Trail.present.get(account=account, name="own").as_record
    assert (told.logging, told.unread) == (True, ("status",))
    assert Version.objects.filter(account=account, kind="trail", data__name="own").count() == 1
    assert rows(account, trails.GET_STATUS)[trails.GET_STATUS] == dict.fromkeys((HOME, OTHER), "denied")


@pytest.mark.django_db
def test_nothing_goes_while_nobody_may_look(connected: list[Account], planted: list[Planted], aws: Any) -> None:
    account = connected[2]
    run(account, "trails")
    planted.clear()
    for operation in ("DescribeTrails", "ListRegions"):
        aws.fault("deny", account=account.aws_id, service="*", operation=operation)
        run(account, "trails")
        assert Trail.present.filter(account=account, name="own").exists()
        denied = Coverage.objects.filter(account=account, api=trails.DESCRIBE)
        assert {row.region: row.state for row in denied} == dict.fromkeys(EVERY, "denied")
        assert all(row.complete_at is not None for row in denied)
        aws.clear_faults()
    run(account, "trails")
    assert not Trail.present.filter(account=account, name="own").exists()


class Told:
    """Answers by (operation, region): an answer, or an error."""

    from_files, malformed, home = False, (), ""
    account_id = OWN

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def clock(self) -> float:
        return 0.0

    def problems(self, api: str) -> tuple[str, ...]:
        return ()

    def ask(self, api: str, *, require: str, region: str = "", **parameters: Any) -> Any:
        found = self.answers[api.partition(":")[2]]
        found = found(region, **parameters) if callable(found) else found
        if isinstance(found, AwsError):
            raise found
        return deepcopy(found)

    def pages(self, api: str, *, require: str, token: str = "", region: str = "", **parameters: Any) -> Iterator[Any]:
        yield self.ask(api, require=require, region=region, **parameters)


def described(name: str = "main", region: str = HOME, owner: str = OWN, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:cloudtrail:{region}:{owner}:trail/{name}"
    return {
        "Name": name,
        "TrailARN": arn,
        "HomeRegion": region,
        "IsMultiRegionTrail": True,
        "HasInsightSelectors": False,
        **more,
    }


ENABLED = {"Regions": [{"RegionName": one} for one in EVERY]}


def by_scp(api: str) -> AwsError:
    return AwsError(api, State.BLOCKED_BY_SCP, "explicit deny in a service control policy", permission=api)


def collected(source: Any = trails.SOURCE, **answers: Any) -> tuple[Any, dict[tuple[str, str], str]]:
    given = {
        "ListRegions": ENABLED,
        "GetTrailStatus": {"IsLogging": True},
        "GetEventSelectors": lambda region, **asked: {"TrailARN": asked["TrailName"]},
        **answers,
    }
    got, aws = Gathered(), Told(**given)
    gather(source, aws, got)  # type: ignore[arg-type]
    part = source.transform(got.answers)
    return part, {key: row.state.value for key, row in coverage(source, got, part, AS_OF).items()}


def test_a_region_that_is_closed_says_nothing_of_the_others() -> None:
    """The trail's home is closed: it is asked about where it was seen."""
    seen: list[str] = []

    def status(region: str, **_: Any) -> Any:
        seen.append(region)
        return {"IsLogging": False}

    part, states = collected(
        DescribeTrails=lambda region: by_scp(trails.DESCRIBE) if region == HOME else {"trailList": [described()]},
        GetTrailStatus=status,
    )
    assert [one.logging for one in part.trails] == [False]
    assert seen == [OTHER]
    assert {region: states[trails.DESCRIBE, region] for region in EVERY} == {
        HOME: "blocked_by_scp", OTHER: "complete", THIRD: "complete",
    }  # fmt: skip


def test_one_trail_of_a_region_that_is_not_told() -> None:
    refused = AwsError(trails.GET_STATUS, State.THROTTLED, "Throttling: slow down")
    gone = AwsError(trails.GET_STATUS, State.ERROR, "unknown", code="TrailNotFoundException")
    failing = {"two": refused, "three": gone}
    part, states = collected(
        DescribeTrails={"trailList": [described(), described("two"), described("three")]},
        GetTrailStatus=lambda region, **asked: failing.get(asked["Name"].rpartition("/")[2], {"IsLogging": True}),
    )
    assert {one.name: one.unread for one in part.trails} == {"main": (), "two": ("status",), "three": ("status",)}
    assert states[trails.GET_STATUS, HOME] == "partial"


def test_no_trail_anywhere() -> None:
    part, states = collected(DescribeTrails={"trailList": []})
    assert part.trails == ()
    assert states == {
        (REGIONS, ""): "complete",
        **{(trails.DESCRIBE, region): "complete" for region in EVERY},
        **{(api, ""): "complete" for api in (trails.GET_STATUS, trails.GET_SELECTORS, trails.GET_INSIGHTS)},
    }


def kept(account: Account, *closed: str, trails_of: dict[str, list[Any]]) -> set[str]:
    """The names that are present after a collection; closed: regions that an SCP denies."""
    told = Told(
        ListRegions=ENABLED,
        DescribeTrails=lambda region: (
            by_scp(trails.DESCRIBE) if region in closed else {"trailList": trails_of.get(region, [])}
        ),
        GetTrailStatus={"IsLogging": True},
        GetEventSelectors={"TrailARN": "x"},
    )
    got = Gathered()
    gather(trails.SOURCE, told, got)  # type: ignore[arg-type]
    part = trails.transform(got.answers)
    with transaction.atomic():
        runner.record(trails.SOURCE, account, coverage(trails.SOURCE, got, part, AS_OF), part, AS_OF)
    return set(Trail.present.filter(account=account).values_list("name", flat=True))


@pytest.mark.django_db
def test_only_what_a_region_would_show_goes_with_its_silence(account: Account) -> None:
    one, two = (described(f"of-{region}", region, IsMultiRegionTrail=False) for region in (HOME, OTHER))
    wide = described("wide", THIRD)
    everywhere = {HOME: [one, wide], OTHER: [two, wide], THIRD: [wide]}
    assert kept(account, trails_of=everywhere) == {"of-eu-west-1", "of-us-east-1", "wide"}
    assert kept(account, HOME, THIRD, trails_of=everywhere) == {"of-eu-west-1", "of-us-east-1", "wide"}
    assert kept(account, HOME, THIRD, trails_of={OTHER: [wide]}) == {"of-eu-west-1", "wide"}
    assert kept(account, HOME, THIRD, trails_of={}) == {"of-eu-west-1"}
    assert kept(account, HOME, OTHER, THIRD, trails_of={}) == {"of-eu-west-1"}
    assert kept(account, trails_of={}) == set()
    assert {row.region for row in Coverage.objects.filter(account=account, api=trails.DESCRIBE)} == set(EVERY)


BUCKETS = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/", "arn:aws:s3:::a/"]}]
ALL_BUCKETS = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::"]}]
MANAGEMENT = Selector(category="Management")
OBJECTS = {"resources.type": {"Equals": ("AWS::S3::Object",)}}
READS = {"readOnly": {"Equals": ("true",)}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, [MANAGEMENT]),
        ({"EventSelectors": [], "AdvancedEventSelectors": None}, [MANAGEMENT]),
        ({"EventSelectors": [{}]}, [MANAGEMENT]),
        ({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]}, [Selector(category="Management", where=READS)]),
        ({"EventSelectors": [{"IncludeManagementEvents": False}]}, []),
        (
            {"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]},
            [Selector(category="Management", where={"eventSource": {"NotEquals": ("kms.amazonaws.com",)}})],
        ),
        ({"EventSelectors": [{"DataResources": ALL_BUCKETS}]}, [MANAGEMENT, Selector(category="Data", where=OBJECTS)]),
        (
            {"EventSelectors": [{"IncludeManagementEvents": False, "DataResources": BUCKETS}]},
            [
                Selector(
                    category="Data",
                    where={**OBJECTS, "resources.ARN": {"StartsWith": ("arn:aws:s3:::a/", "arn:aws:s3:::b/")}},
                )
            ],
        ),
        (
            {"AdvancedEventSelectors": [{"FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::a/"], "NotEndsWith": [".log"], "Odd": ["x"]},
            ]}]},
            [
                Selector(
                    category="Data",
                    where={"resources.ARN": {"StartsWith": ("arn:aws:s3:::a/",), "NotEndsWith": (".log",)}},
                )
            ],
        ),
        ({"AdvancedEventSelectors": [{"Name": "x"}]}, [Selector(category="")]),
    ],
)  # fmt: skip
def test_selectors_are_written_in_one_form(raw: dict[str, Any], expected: list[Selector]) -> None:
    assert list(trails.selectors_of(raw, "aws")) == expected


METRIC = {"metricName": "Root", "metricNamespace": "CIS", "metricValue": "1"}
FILTER = {"filterName": "root", "filterPattern": "{}", "logGroupName": "g", "metricTransformations": [METRIC]}
TOPIC, FOREIGN = (f"arn:aws:sns:{HOME}:{owner}:security" for owner in (OWN, OWNER))
ALARM = {"AlarmName": "a", "MetricName": "Root", "Namespace": "CIS", "AlarmActions": [TOPIC]}
IN_MATH = {
    "AlarmName": "m",
    "Metrics": [{"MetricStat": {"Metric": {"MetricName": "Root", "Namespace": "CIS"}}}, {"Expression": "1"}],
}
ABOVE = {"AlarmName": "c", "AlarmRule": 'ALARM("m") OR ALARM("x")', "AlarmActions": [TOPIC]}
CONFIRMED = {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}, {"SubscriptionArn": "arn:s"}]}
OPS = f"arn:aws:ssm:{HOME}:{OWN}:opsitem:1"
NOBODY: dict[str, Any] = {"Subscriptions": []}
NO_RULES = {"ListRules": {"Rules": []}}


def watching(*found: Any, subscribed: Any = CONFIRMED, composite: Any = ()) -> Any:
    part, states = collected(
        alarms.SOURCE,
        DescribeMetricFilters=lambda region: {"metricFilters": [FILTER] if region == HOME else []},
        DescribeAlarms=lambda region, **_: {"MetricAlarms": list(found), "CompositeAlarms": list(composite)},
        ListSubscriptionsByTopic=subscribed,
        **NO_RULES,
    )
    (one,) = part.alarms
    assert one.log_group == f"arn:aws:logs:{HOME}:{OWN}:log-group:g"
    return one, states


@pytest.mark.parametrize(
    ("found", "more", "acting", "heard"),
    [
        ([ALARM], {}, ("a",), (TOPIC,)),
        ([ALARM], {"subscribed": NOBODY}, ("a",), ()),
        ([{**ALARM, "ActionsEnabled": False}], {}, (), ()),
        ([{**ALARM, "AlarmActions": []}], {}, (), ()),
        ([{**ALARM, "Namespace": "other"}], {}, (), ()),
        ([IN_MATH], {"composite": [ABOVE]}, ("c",), (TOPIC,)),
        ([], {"composite": [ABOVE]}, (), ()),
        ([{**ALARM, "AlarmActions": [OPS]}], {}, ("a",), (OPS,)),
    ],
)  # fmt: skip
def test_who_hears_of_a_metric_filter(found: list[Any], more: dict[str, Any], acting: Any, heard: Any) -> None:
    one, _ = watching(*found, **more)
    assert (one.alarms, one.heard) == (acting, heard)


def test_a_topic_of_another_account_is_not_known() -> None:
    refused = AwsError(alarms.SUBSCRIPTIONS, State.DENIED, "no", code="AuthorizationError", permission="x")
    one, states = watching({**ALARM, "AlarmActions": [FOREIGN]}, subscribed=refused)
    assert (one.receivers, one.heard, one.deaf) == ((FOREIGN,), (), ())
    assert states[alarms.SUBSCRIPTIONS, HOME] == "not_applicable"


def test_alarms_that_were_not_read_are_not_none() -> None:
    denied = AwsError(alarms.ALARMS, State.DENIED, "no", code="AccessDenied", permission=alarms.ALARMS)
    part, states = collected(
        alarms.SOURCE,
        DescribeMetricFilters={"metricFilters": [FILTER]},
        DescribeAlarms=lambda region, **_: denied,
        **NO_RULES,
    )
    assert {one.alarms for one in part.alarms} == {None}
    assert states[alarms.ALARMS, HOME] == "denied"


PATTERN = '{"detail-type": ["AWS API Call via CloudTrail"]}'


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        (PATTERN, True),
        ('{"source": ["aws.iam"]}', True),
        ('{"detail-type": ["EC2 State"]}', False),
        ("[]", False),
        ("{", False),
        (None, False),
    ],
)
def test_rules_of_eventbridge_that_may_match(pattern: str | None, kept: bool) -> None:
    rule = {"Name": "r", "Arn": "arn:aws:events:x:1:rule/r", "State": "ENABLED"}
    rule |= {"ScheduleExpression": "rate(1 day)"} if pattern is None else {"EventPattern": pattern}
    logs = f"arn:aws:logs:{HOME}:{OWN}:log-group:/aws/events/x"
    part, _ = collected(
        alarms.SOURCE,
        DescribeMetricFilters={"metricFilters": []},
        ListRules={
            "Rules": [rule]
            if pattern is not None
            else [{"Name": "s", "Arn": "arn:s", "ScheduleExpression": "rate(1 day)"}]
        },
        ListTargetsByRule=lambda region, **_: {"Targets": [{"Arn": TOPIC}, {"Arn": logs}]},
        ListSubscriptionsByTopic=CONFIRMED,
    )
    assert {(one.name, one.heard, one.state) for one in part.alarms} == (
        {("r", (TOPIC,), "ENABLED")} if kept else set()
    )


FILES: dict[str, Any] = {
    "account.json": {"AccountId": OWN, "HomeRegion": OTHER},
    "account.list-regions.json": ENABLED,
    f"cloudtrail.describe-trails.{HOME}.json": {"trailList": [described()]},
    "cloudtrail.describe-trails.json": {"trailList": [described(), described("two", OTHER, IsMultiRegionTrail=False)]},
    f"cloudtrail.describe-trails.{THIRD}.json": {
        "Error": {"Code": "AccessDenied", "Message": "in a service control policy"}
    },
    f"cloudtrail.get-trail-status.{HOME}.jsonl": json.dumps(
        {"Request": {"Name": described()["TrailARN"]}, "Response": {"IsLogging": True}}
    ),
}


def test_a_bundle_tells_by_its_names_where_was_asked(tmp_path: Path) -> None:
    replayed = read(tmp_path, FILES)
    snapshot = replayed.snapshot()
    assert {one.name: one.logging for one in snapshot.trails} == {"main": True, "two": None}
    states = {(row.api, row.region): row.state.value for row in replayed.coverage if row.api.startswith("cloudtrail:")}
    assert (
        states[trails.DESCRIBE, HOME] == states[trails.DESCRIBE, OTHER] == states[trails.GET_STATUS, HOME] == "complete"
    )
    assert states[trails.DESCRIBE, THIRD] == "blocked_by_scp"
    assert states[trails.GET_STATUS, OTHER] == "absent"
    assert "cloudtrail.get-trail-status.jsonl is not in the bundle" in {
        row.detail for row in replayed.coverage if (row.api, row.region) == (trails.GET_STATUS, OTHER)
    }


@pytest.mark.parametrize(
    "odd", [[], {"trailList": [{}]}, {"trailList": {"TrailARN": 7}}, {"trailList": [{"TrailARN": "x"}]}]
)
def test_an_odd_bundle_costs_its_file_only(tmp_path: Path, odd: Any) -> None:
    replayed = read(tmp_path, {**FILES, f"cloudtrail.describe-trails.{HOME}.json": odd})
    replayed.snapshot()
