"""What collecting costs: the declared numbers of calls against what the runner really asked the lab, and what follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sizes import size_of
from collectors import cost, runner
from collectors.cost import Assumed, Events, estimate
from collectors.models import Account
from collectors.sources import sources


@pytest.mark.django_db
def test_what_sources_say_of_their_calls_is_what_the_runner_asks(connected: list[Account], aws: Any) -> None:
    """Of the account that tells of the organization and of another one, nothing known before: within a fifth, or five calls."""
    for account in connected[:2]:
        answers: dict[str, Any] = {}
        asked = {}
        for source in sources().values():
            if not source.streams:
                aws.clear_calls()
                got = runner.ask(source, account.connection, lambda step, calls: None)
                answers |= got.answers
                asked[source.name] = sum(call["n"] for call in aws.calls())
                if source.name == "config_history":
                    changes = sum(c["n"] for c in aws.calls() if c["operation"] == "GetResourceConfigHistory")
        size = replace(size_of(answers), changes=changes)
        said = {name: cost.SESSION + sources()[name].calls(size) for name in asked}
        assert not {name: (said[name], n) for name, n in asked.items() if abs(said[name] - n) > max(5, n / 5)}


def test_every_source_says_its_calls() -> None:
    for source in sources().values():
        assert source.calls(cost.MEMBER) > 0
        assert source.calls(cost.TELLING) >= source.calls(cost.MEMBER)


@pytest.mark.parametrize("events", Events)
def test_more_accounts_cost_more_and_nothing_is_below_nothing(events: Events) -> None:
    one, few, many = (estimate(n, events, Assumed()) for n in cost.TYPICAL)
    for number in ("first", "calls", "recorded", "lists", "gets", "bytes", "dollars"):
        assert 0 <= getattr(one, number) <= getattr(few, number) <= getattr(many, number), number
    assert estimate(400, events, replace(Assumed(), copies=1)).dollars > many.dollars


def test_only_what_is_read_is_paid() -> None:
    none, lookup, bucket, athena = (estimate(50, events, Assumed()) for events in Events)
    assert (none.requests, lookup.requests, athena.requests) == (0, 0, 0)
    assert bucket.gets == 50 * cost.MEMBER.files
    assert (none.bytes, bucket.bytes) == (0, 0)
    assert athena.bytes == 50 * 20e6
    assert bucket.recorded == none.recorded  # reading S3 is no management event
    assert lookup.calls > none.calls


def test_collecting_less_often_costs_less() -> None:
    assert estimate(1, Events.NONE, Assumed(hours=24)).calls < estimate(1, Events.NONE, Assumed(hours=6)).calls
    assert estimate(1, Events.NONE, Assumed(hours=24)).first == estimate(1, Events.NONE, Assumed(hours=6)).first


@pytest.mark.parametrize(("number", "told"), [(0, "0"), (7.4, "7"), (99, "99"), (123, "120"), (45_678, "46,000")])
def test_no_more_digits_are_told_than_are_known(number: float, told: str) -> None:
    assert cost.scaled(number) == told


def test_the_documentation_has_these_numbers() -> None:
    assert cost.page() in Path("docs/operate/cost.md").read_text()
