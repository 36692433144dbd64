"""What AWS and the network between do on a bad day: nothing is taken for gone or over on it, and once it is past all is as if it
had never been."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from django.db import OperationalError
from django.db.models.functions import Now

from collectors import queue, runner, schedule
from collectors.aws import session
from collectors.models import Job, Run
from tests.conftest import AS_OF, db_role
from tests.faults import proxy as net
from tests.faults.sampling import cases, fault
from tests.faults.world import World, apis, judge_all

pytestmark = pytest.mark.django_db
SAME = (
    "Nothing is gone or resolved while it lasts; after the next whole run inventory, findings and aggregates equal those of a run"
    " without a fault."
)
UNSEEN = "All coverage is complete, and everything equals a run without a fault, its history too."
BAD = {"error", "throttled", "denied", "partial"}
FAULTS: dict[str, net.Fault] = {
    "500": net.status(500),
    "503": net.status(503),
    "429": net.status(429),
    "throttled": net.refused("throttled", "Rate exceeded"),
    "failure": net.refused("failure"),
    "expired": net.refused("expired", "The security token included in the request is expired"),
    "denied": net.denied,
    "empty": net.empty,
    "html": net.html,
    "truncated": net.truncated,
    "cut": net.cut,
    "reset": net.reset,
    "lost": net.lost,
    "hang": net.hang(3),
}
# Of these one is followed by another try at once, so that nobody notices.
PASSING = ["500", "503", "throttled", "empty", "truncated", "cut", "reset", "lost"]
OF_ALL = apis()
GAAD, REPORT = "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport"


def tried(world: World, api: str, kind: net.Fault, expected: set[str] = BAD) -> None:
    """The source that asks an API, with the fault for as long as it runs, and once more without."""
    source, action = OF_ALL[api]
    world.proxy.script = net.on(action, kind)
    world.collect(world.management, source)
    assert world.lost() == []
    assert world.states(world.management)[api] in expected
    healed(world, source)


def healed(world: World, *names: str) -> None:
    world.proxy.heal()
    world.collect(world.management, *names)
    assert world.lost() == []
    assert "\n".join(world.differs()) == ""


@fault(
    "500, 503, throttling, empty, cut or lost answer, reset: once on each call",
    "proxy, the first call of each operation",
    UNSEEN,
)
@cases(range(len(PASSING)), 1)
def test_each_call_fails_once_and_nobody_notices(world: World, case: int) -> None:
    world.proxy.script = net.once_each([FAULTS[name] for name in PASSING[case:] + PASSING[:case]])
    world.collect(world.management)
    assert world.told(world.management) == []
    assert "\n".join(world.differs(history=True)) == ""


@fault("Each sort of bad answer for ever on one API", "proxy, all calls of the operation", SAME)
@cases([(kind, api) for kind in FAULTS for api in (GAAD, REPORT, "organizations:ListAccounts")], 5)
def test_a_bad_answer_for_ever(world: World, case: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    kind, api = case
    if kind == "hang":
        monkeypatch.setattr(session, "CONFIG", session.CONFIG.merge(Config(read_timeout=2)))
        session.forget()
    tried(world, api, FAULTS[kind], {"throttled"} if kind in ("429", "throttled") else BAD)


@fault("500 for ever on each API in turn", "proxy, all calls of the operation", SAME)
@cases(OF_ALL, 1)
def test_an_api_that_is_down(world: World, case: str) -> None:
    tried(world, case, FAULTS["500"])


@fault("AccessDenied on each API in turn", "proxy, AWS's own refusal of all calls of the operation", SAME)
@cases(OF_ALL, 1)
def test_an_api_that_is_denied(world: World, case: str) -> None:
    tried(world, case, net.denied)


def pages_of(size: int) -> Callable[[bytes], bytes]:
    return lambda body: re.sub(rb"MaxItems=\d+", b"MaxItems=%d" % size, body)


@fault(
    "Page 2 fails, the token repeats, a page is empty but has a token", "proxy, the second page of the snapshot", SAME
)
@pytest.mark.parametrize("kind", ["fails", "repeats", "is empty"])
def test_the_second_page(world: World, kind: str) -> None:
    seen: list[int] = []
    token = re.compile(rb"<Marker>[^<]*</Marker>")

    def second(call: Any, ask: net.Ask) -> net.Reply | None:
        seen.append(1)
        if kind == "fails":
            return net.status(500)(call, ask)
        if kind == "repeats":
            return net.edited(lambda body: token.sub(b"<Marker>again</Marker>", _more(body)))(call, ask)
        return ask()

    world.proxy.script = net.on(
        GAAD, lambda call, ask: second(call, ask) if "Marker" in call.params else first(call, ask)
    )

    def first(call: Any, ask: net.Ask) -> net.Reply | None:
        return net.edited(lambda body: _without(_more(body), 0.0) if kind == "is empty" else _more(body))(call, ask)

    world.collect(world.management, "authorization_details")
    assert seen
    assert world.lost() == []
    assert (world.states(world.management)[GAAD] in BAD) is (kind != "is empty")
    healed(world, "authorization_details")


def _more(body: bytes) -> bytes:
    """The answer as if there were another page."""
    cut = body.replace(b"<IsTruncated>false</IsTruncated>", b"<IsTruncated>true</IsTruncated><Marker>0</Marker>")
    assert cut != body
    return cut


def _without(body: bytes, share: float) -> bytes:
    """The snapshot with only so much of its roles."""
    from xml.etree import ElementTree

    tree = ElementTree.fromstring(body)
    for roles in (one for one in tree.iter() if one.tag.endswith("RoleDetailList")):
        for role in list(roles)[int(len(roles) * share) :]:
            roles.remove(role)
    return bytes(ElementTree.tostring(tree))


@fault("ExpiredToken at call k", "proxy, for each k of a source's calls", SAME)
@cases(
    [
        name
        for name in dict.fromkeys(source for source, _ in OF_ALL.values())
        if name not in {"organizations", "identity_center"}
    ],
    1,
)
def test_credentials_that_expire_at_any_call(world: World, case: str) -> None:
    begun = len(world.proxy.calls)
    world.collect(world.management, case, judge=False)
    for k in range(1, len(world.proxy.calls) - begun + 1):
        world.proxy.script = net.at(k, FAULTS["expired"])
        world.collect(world.management, case, judge=False)
        assert world.lost() == []
        assert set(world.states(world.management).values()) != {"complete"}, k
    healed(world, case)


@fault("Credentials of another account", "proxy, GetCallerIdentity tells another account's id", SAME)
def test_a_wrong_account_writes_nothing(world: World) -> None:
    own, other = world.management.aws_id.encode(), world.member.aws_id.encode()
    world.proxy.script = net.on("sts:GetCallerIdentity", net.edited(lambda body: body.replace(own, other)))
    world.collect(world.management, "authorization_details", "account")
    assert world.lost() == []
    assert {world.states(world.management)[api] for api in (GAAD, "iam:GetAccountSummary")} == {"error"}
    healed(world, "authorization_details", "account")


@fault("A list shrinks by 90 %", "proxy, the snapshot without nine of ten roles", SAME)
def test_a_list_that_shrinks(world: World) -> None:
    world.proxy.script = net.on(GAAD, net.edited(lambda body: _without(body, 0.1)))
    world.collect(world.management, "authorization_details")
    assert world.lost() == []
    assert world.states(world.management)[GAAD] == "partial"
    healed(world, "authorization_details")


@fault("Access Advisor FAILED or never done", "proxy, the report's JobStatus", SAME)
@pytest.mark.parametrize("status", [b"FAILED", b"IN_PROGRESS"])
def test_access_advisor_that_fails_or_never_ends(world: World, status: bytes, settings: Any) -> None:
    settings.LAST_ACCESSED_HOURS, settings.LAST_ACCESSED_A_RUN = 0.0, 2
    api = "iam:GetServiceLastAccessedDetails"
    change = net.edited(lambda body: body.replace(b"COMPLETED", status))
    world.proxy.script = net.on(api, change)
    world.collect(world.management, "last_accessed")
    assert world.lost() == []
    assert world.states(world.management)[api] == "partial"
    healed(world, "last_accessed")


@fault(
    "A region is switched off, and on again",
    "proxy, ListRegions without it",
    "Once it is on again all equals a run without a fault.",
)
def test_a_region_that_is_off(world: World) -> None:
    without = net.edited(lambda body: body.replace(b"eu-west-1", b"eu-north-1"))
    world.proxy.script = net.on("account:ListRegions", without)
    world.collect(world.management, "trails", "config")
    healed(world, "trails", "config")


@fault(
    "An account is suspended or has left, and is back",
    "proxy, its role cannot be assumed, the organization's list says SUSPENDED or lacks it",
    SAME,
)
@cases(["suspended", "left"], 1)
def test_an_account_that_goes_and_comes_back(world: World, case: str) -> None:
    member = world.member.aws_id.encode()
    listed = rb'\{[^{}]*"Id": ?"%s"[^{}]*\}' % member
    change = {
        "suspended": lambda body: re.sub(listed, lambda m: m[0].replace(b"ACTIVE", b"SUSPENDED"), body),
        "left": lambda body: re.sub(rb"%s,? ?" % listed, b"", body).replace(b", ]", b"]").replace(b",]", b"]"),
    }[case]
    refused = net.on("sts:AssumeRole", net.denied)
    world.proxy.script = refused
    world.collect(world.member, "authorization_details")
    assert world.lost() == []
    world.proxy.script = lambda call: net.edited(change) if call.service == "organizations" else None
    world.collect(world.management, "organizations")
    assert not [one for one in world.lost() if world.member.aws_id not in one]
    world.proxy.heal()
    world.collect(world.member, "authorization_details")
    world.proxy.heal()
    world.collect(world.management, "organizations")
    assert "\n".join(world.differs()) == ""


# -- the queue


def job_of(account: Any, source: str) -> Job:
    run = schedule.start(account, Run.Reason.REQUEST, "test", names=[source])
    assert run is not None
    return run.job_set.get(source=source)


def finished(world: World) -> None:
    with db_role("iamdash_worker"):
        judge_all()
    assert not Job.objects.filter(state__in=("queued", "running")).exists()
    assert world.lost() == []
    assert "\n".join(world.differs()) == ""


def passed(job: Job, **more: Any) -> None:
    """Time passes: leases end, what waits is due."""
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1), due_at=Now(), rung_at=None, **more)


@fault("A task longer than its lease", "its lease ends while it reads, another worker does it", SAME)
def test_a_worker_that_takes_too_long_is_fenced_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job, understand, others = job_of(world.management, "authorization_details"), runner.understand, []

    def slowly(*args: Any) -> Any:
        if not others:
            others.append(job.pk)
            passed(job)
            runner.collect(job.pk)
        return understand(*args)

    monkeypatch.setattr(runner, "understand", slowly)
    with db_role("iamdash_worker"):
        runner.collect(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.fence) == ("done", 2, 2)
    finished(world)


@fault("A task that kills its worker each time", "its lease ends three times without a word", SAME)
def test_a_poison_task_ends(world: World) -> None:
    job = job_of(world.management, "authorization_details")
    for _ in range(queue.ATTEMPTS):
        assert queue.due().ring == [job.pk]
        assert queue.claim(job.pk)
        passed(job)
    (spent,) = queue.due().spent
    with db_role("iamdash_worker"):
        runner.give_up(spent)
    assert world.states(world.management)[GAAD] == "error"
    assert world.lost() == []
    healed(world, "authorization_details")


@fault("Two beats, doubled bells", "each tick and each task twice", SAME)
def test_two_beats_ring_once_and_a_doubled_bell_does_nothing(world: World) -> None:
    job = job_of(world.management, "authorization_details")
    assert (queue.due().ring, queue.due().ring) == ([job.pk], [])
    with db_role("iamdash_worker"):
        runner.collect(job.pk)
        assert runner.collect(job.pk) is None
    finished(world)


@fault(
    "Beat down for 26 hours",
    "the jobs are 26 hours older",
    "One run an account is due, not four; then as without a fault.",
)
def test_after_a_day_without_beat_each_account_is_due_once(world: World) -> None:
    Job.objects.update(created_at=AS_OF - timedelta(hours=26))
    runs = schedule.start_due_runs()
    assert sorted(run.account_id for run in runs) == sorted((world.management.pk, world.member.pk))
    assert schedule.start_due_runs() == []
    Job.objects.filter(state="queued").exclude(source="authorization_details").delete()
    with db_role("iamdash_worker"):
        for job in Job.objects.filter(state="queued"):
            runner.collect(job.pk)
    finished(world)


@fault("A clock two hours ahead or behind", "the database's clock, then the right one again", SAME)
@cases([-2, 2], 1)
def test_a_clock_that_is_wrong(world: World, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(queue, "database_now", lambda: AS_OF + timedelta(hours=case))
        world.collect(world.management, "authorization_details", "credential_report")
        assert world.lost() == []
    healed(world, "authorization_details", "credential_report")


@fault("A deadlock while storing", "PostgreSQL's error at the first try", SAME)
def test_a_deadlock_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(world.management, "authorization_details")
    with db_role("iamdash_worker"):
        with monkeypatch.context() as patched:
            patched.setattr(runner, "store", _deadlock)
            with pytest.raises(OperationalError):
                runner.collect(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt) == ("queued", 1)
        passed(job)
        runner.collect(job.pk)
    finished(world)


def _deadlock(*_: Any) -> None:
    raise OperationalError("deadlock detected")
