"""Whatever was used: what is proposed denies none of it, by `evaluate` and by the proof."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collectors.records import Actor
from findings.analysis.activity.seen import visible
from findings.analysis.proposed.groups import ACTIONS, service
from findings.analysis.proposed.model import NodeProposal
from findings.analysis.proposed.proof import prove
from findings.analysis.proposed.watched import Watched
from findings.analysis.what_if.model import UsedRow
from findings.policy.catalogue import catalogue
from findings.policy.document import Document, read
from findings.policy.evaluate import evaluate
from findings.policy.layers import Layer, Named, Policies
from findings.policy.request import Caller, CallerKind, Request
from tests.findings.analysis.proposed.building import (
    ONE,
    PROD,
    ROOT_ID,
    THREE,
    TWO,
    arn,
    chooser,
    known,
    row,
    target,
    usual,
    watched,
)
from tests.findings.worlds import EVERYTHING

UNUSUAL = ("bedrock", "sagemaker", "sqs", "ecr", "lambda")
SOME = (
    *ACTIONS,
    "sqs:CreateQueue",
    "lambda:CreateFunction",
    "ecr:CreateRepository",
    "sagemaker:CreateModel",
    "s3:GetObject",
)
ROWS = st.builds(
    row,
    st.sampled_from(SOME) | st.none(),
    account=st.sampled_from((ONE, TWO, THREE)),
    by=st.sampled_from(("app", "tf", "deploy")),
    region=st.sampled_from(("eu-west-1", "us-east-1", "ap-south-1", "")),
    actor=st.sampled_from((Actor.ROLE, Actor.ROLE, Actor.ROOT, Actor.UNKNOWN, Actor.SERVICE)),
)
EVIDENCE = st.builds(
    known,
    used=st.sets(st.sampled_from(UNUSUAL)).map(tuple),
    unknown=st.sets(st.sampled_from(UNUSUAL)).map(lambda some: dict.fromkeys(some, "nobody can tell")),
    makers=st.sets(st.sampled_from(("tf", "app"))).map(lambda some: tuple(arn(one) for one in some)),
    root=st.sampled_from(("", "", "the root user signed in")),
)
WANTED = [target(service(name), account=one) for name in UNUSUAL for one in (ONE, TWO, THREE)]


def _blocked(node: NodeProposal, used: UsedRow) -> bool:
    """By the engine alone, not by the replay."""
    kinds = {Actor.ROLE: CallerKind.ROLE, Actor.ROOT: CallerKind.ROOT}
    if used.action is None or used.actor not in kinds:
        return False
    caller = Caller(kinds[used.actor], used.arn, used.account)
    everything = read(EVERYTHING)
    scps = [Named(Layer.SCP, scp.name, read(scp.body)) for scp in node.scps]
    level = (Named(Layer.SCP, "FullAWSAccess", everything), *scps)
    region = {"aws:requestedregion": (used.region,)} if used.region else {}
    request = Request(caller, used.action, "*", region)
    return evaluate(request, Policies((Named(Layer.IDENTITY, "x", everything),), scp=(level,))).verdict != "allowed"


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(ROWS, max_size=12), EVIDENCE)
def test_nothing_that_was_used_is_denied(rows: list[UsedRow], evidence: object) -> None:
    made = [watched(one, [r for r in rows if r.account == one], evidence) for one in (ONE, TWO, THREE)]  # type: ignore[arg-type]
    nodes = chooser(*made, targets=WANTED).proposals()
    every = [*rows, *(r for one in (ONE, TWO, THREE) for r in usual(one))]
    proved = prove(nodes, every, "o-1")
    assert not proved.failed
    assert [node.proof.blocked + node.proof.undecidable for node in proved.nodes] == [0] * len(nodes)
    assert proved.nodes[0].proof.rows == len(every)
    for node in nodes:
        assert not [r for r in every if r.account in node.accounts and _blocked(node, r)]
        _only_what_can_be_seen(node, made)


def _only_what_can_be_seen(node: NodeProposal, made: list[Watched]) -> None:
    seen = visible(catalogue())
    told = [one.evidence for one in made if one.id in node.accounts]
    unseen = {name for one in told if one for name in (*one.used, *one.unknown)}
    for scp in node.scps:
        document = read(scp.body)
        assert isinstance(document, Document)
        for statement in document.statements:
            if statement.sid.startswith("NoUnusedServices"):
                assert not {action.partition(":")[0] for action in statement.actions or ()} & unseen
            elif statement.actions and statement.actions != ("*",):
                assert not catalogue().mask(statement.actions) & ~seen


def test_what_the_proof_finds_is_named_by_its_statement() -> None:
    """The chooser did not know of the call: a new one came meanwhile."""
    nodes = chooser().proposals()
    late = row("iam:CreateUser", THREE)
    proved = prove(nodes, [late, row("iam:CreateUser", "000000000009")], "o-1")
    assert proved.failed == {(ROOT_ID, "users")}
    root = proved.nodes[0]
    assert (root.id, root.proof.rows, root.proof.named, root.proof.blocked) == (ROOT_ID, 1, 1, 1)
    again = chooser(dropped=proved.failed).proposals()
    assert not prove([node for node in again if node.id != PROD], [late], "o-1").failed - {("ou-dev", "users")}
    assert any("its proof failed" in reason for one in again[0].refused for reason in one.why)


def test_a_call_of_which_nobody_knows_the_action_fails_what_is_about_its_service() -> None:
    unmapped = row(None, THREE, event="iam.amazonaws.com CreateSomethingNew")
    failed = prove(chooser().proposals(), [unmapped], "o-1").failed
    assert failed == {(ROOT_ID, group) for group in ("users", "boundary", "escalation")}
