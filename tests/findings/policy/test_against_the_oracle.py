"""Random small policies in all layers: the engine against the slow oracle.

Kleene's logic is coarser than the possible worlds where one key stands in two places: `a` or not `a` always holds, but
each half hangs on the key. So with keys in common, only what the engine is sure of is compared; with keys of their own
the answers have to be the same, keys and all.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from findings.policy.document import Document, read
from findings.policy.evaluate import Decision, Layer, Named, Policies, evaluate
from findings.policy.request import Caller, CallerKind, Request
from tests.findings.policy.oracle import Answer, Question, answer

HOME, AWAY = "111111111111", "222222222222"
USER, ROLE = f"arn:aws:iam::{HOME}:user/a", f"arn:aws:iam::{HOME}:role/a"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/a/s"
ROOT = f"arn:aws:iam::{HOME}:root"
CALLERS = {
    CallerKind.USER: Caller(CallerKind.USER, USER, HOME, name="a"),
    CallerKind.ROLE: Caller(CallerKind.ROLE, ROLE, HOME, name="a"),
    CallerKind.SESSION: Caller(CallerKind.SESSION, ROLE, HOME, name="a", session_arn=SESSION),
    CallerKind.ROOT: Caller(CallerKind.ROOT, ROOT, HOME),
    CallerKind.SERVICE: Caller(CallerKind.SERVICE, "x.amazonaws.com", ""),
    CallerKind.ANYONE: Caller(CallerKind.ANYONE, "", AWAY),
}
FULL = [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]
MOST_UNKNOWN = 4  # keys whose worlds are tried; the work grows with their power

actions = st.sampled_from(["s3:GetObject", "S3:get*", "s3:*", "*", "*", "*", "*", "s3:?et*", "iam:*"])
resources = st.sampled_from(
    [
        *["*"] * 6,
        "arn:aws:*",
        "arn:aws:s3:::a/*",
        "arn:aws:s3:::a/${v}",
        "arn:aws:s3:::${aws:username}/x",
        "arn:aws:s3:::${v, 'a'}/x",
        "arn:aws:s3:::?/x",
        "arn:aws:s3:::a/${*}",
        "arn:aws:sqs:::b",
        "arn:aws:s3",
    ]
)
principals = st.sampled_from(
    ["*", "*", *({"AWS": [p]} for p in (HOME, AWAY, USER, ROLE, SESSION, ROOT)), {"Service": ["x.amazonaws.com"]}]
)
one_in_four = st.sampled_from([False, False, False, True])
suffixes, quantifiers = (
    st.sampled_from(["", "", "IfExists"]),
    st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]),
)
TESTS = [
    ("StringEquals", ["a", "b", "a*", "${w}"]),
    ("StringNotEquals", ["a", "${aws:username}"]),
    ("StringEqualsIgnoreCase", ["A"]),
    ("StringLike", ["a*", "*", "?", "${w}*", "a${*}"]),
    ("StringNotLike", ["a*", "*"]),
    ("ArnLike", ["arn:aws:iam::*:role/*", "*"]),
    ("ArnNotEquals", ["arn:aws:iam::1:role/a"]),
    ("NumericLessThan", ["5", "x"]),
    ("NumericNotEquals", ["5"]),
    ("DateGreaterThan", ["2025-01-01T00:00:00Z", "1735689600"]),
    ("Bool", ["true", "false"]),
    ("IpAddress", ["10.0.0.0/8", "x"]),
    ("NotIpAddress", ["10.0.0.0/8"]),
    ("Null", ["true", "false"]),
]


@st.composite
def conditions(draw: Any, keys: Any) -> dict[str, dict[str, list[str]]]:
    name, values = draw(st.sampled_from(TESTS))
    chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
    operator = name if name == "Null" else draw(quantifiers) + name + draw(suffixes)
    return {operator: {keys(draw, chosen): chosen}}


@st.composite
def statements(draw: Any, keys: Any, principal: bool = False) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from([*["Action"] * 9, "NotAction"]))] = [draw(actions)]
    patterns = [keys.resource(draw(resources)) for _ in range(draw(st.integers(1, 2)))]
    statement[draw(st.sampled_from([*["Resource"] * 9, "NotResource"]))] = patterns
    if principal:
        negated = statement["Effect"] == "Deny" and draw(st.booleans())
        statement["NotPrincipal" if negated else "Principal"] = draw(principals)
    if statement["Effect"] == "Deny" or draw(st.booleans()):
        statement["Condition"] = draw(conditions(keys))
    return statement


class Shared:
    """Two keys for all conditions, one for all variables."""

    def __call__(self, draw: Any, values: list[str]) -> str:
        return str(draw(st.sampled_from(["k1", "K2", "known", "gone"])))

    def resource(self, pattern: str) -> str:
        return pattern


class Own:
    """A key of its own for every condition and every variable."""

    def __init__(self) -> None:
        self.number = count()

    def __call__(self, draw: Any, values: list[str]) -> str:
        values[:] = [self.resource(value) for value in values]
        return f"K{next(self.number)}"

    def resource(self, pattern: str) -> str:
        for variable in ("v", "w"):
            if f"${{{variable}" in pattern:
                pattern = pattern.replace(f"${{{variable}", f"${{{variable}{next(self.number)}")
        return pattern


@st.composite
def questions(draw: Any, shared: bool) -> Question:
    keys = Shared() if shared else Own()

    def policy(principal: bool = False) -> Any:
        return draw(st.lists(statements(keys, principal), min_size=1, max_size=2))

    def limit() -> Any:
        """Often one that limits nothing, or few questions would be worth asking."""
        return [*policy(), *draw(st.sampled_from([[], [], FULL]))]

    kind = draw(st.sampled_from([*CallerKind, CallerKind.USER, CallerKind.ROLE, CallerKind.SESSION]))
    caller = CALLERS[kind]
    away = draw(one_in_four)
    levels = [[FULL, policy()], [limit()]][: draw(st.sampled_from([0, 0, 1, 2]))]
    denies = [{**s, "Effect": "Deny"} for s in policy(principal=True)] if draw(one_in_four) else []
    return Question(
        kind=kind.value,
        arn=caller.arn,
        account=caller.account,
        session_arn=caller.session_arn,
        action="s3:GetObject",
        resource=draw(st.sampled_from([*["arn:aws:s3:::a/x"] * 4, "arn:aws:s3:::a/*", "*"])),
        same_account=not away,
        context={"known": ("a",), "gone": None},
        variables=draw(st.sampled_from([True, True, False])),
        identity=[policy() for _ in range(draw(st.sampled_from([0, 1, 2, 2])))],
        boundary=limit() if draw(one_in_four) else None,
        session=limit() if draw(one_in_four) else None,
        scp=levels,
        rcp=[[denies]],
        resource_policy=None if draw(one_in_four) else policy(principal=True),
        must_allow=draw(one_in_four),
    )


def asked(q: Question) -> tuple[Decision, Answer]:
    """The engine's answer and the oracle's."""
    account = HOME if q.same_account else AWAY
    request = Request(CALLERS[CallerKind(q.kind)], q.action, q.resource, q.context, account)

    def named(statements: Any, layer: Layer, level: str = "") -> Named:
        version = {"Version": "2012-10-17"} if q.variables else {}
        document = read({**version, "Statement": statements})
        assert isinstance(document, Document), document
        return Named(layer, f"a {layer} policy", document, level)

    decision = evaluate(
        request,
        Policies(
            identity=tuple(named(p, Layer.IDENTITY) for p in q.identity),
            boundary=None if q.boundary is None else named(q.boundary, Layer.BOUNDARY),
            session=None if q.session is None else (named(q.session, Layer.SESSION),),
            scp=tuple(tuple(named(p, Layer.SCP, f"level {n}") for p in level) for n, level in enumerate(q.scp)),
            rcp=tuple(tuple(named(p, Layer.RCP) for p in level) for level in q.rcp),
            resource=None if q.resource_policy is None else named(q.resource_policy, Layer.RESOURCE),
            resource_must_allow=q.must_allow,
        ),
    )
    q.context = dict(request.known.items())
    return decision, answer(q)


def unknown_keys(q: Question) -> int:
    text = repr((q.identity, q.boundary, q.session, q.scp, q.rcp, q.resource_policy))
    return text.count("'K") + text.count("${v") + text.count("${w")


slow = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@slow
@given(questions(shared=True))
def test_what_is_sure_holds_in_every_world(q: Question) -> None:
    decision, expected = asked(q)
    if decision.verdict != "conditional":
        assert decision.verdict == expected.verdict
    if decision.kind == "explicit":
        assert expected.explicit
    if expected.verdict == "conditional":
        assert expected.keys <= {key.lower() for key in decision.keys}


@slow
@given(questions(shared=False))
def test_keys_of_their_own_give_the_same_answer(q: Question) -> None:
    assume(unknown_keys(q) <= MOST_UNKNOWN)
    decision, expected = asked(q)
    assert decision.verdict == expected.verdict
    assert {key.lower() for key in decision.keys} == expected.keys
    if decision.verdict == "denied":
        assert (decision.kind == "explicit") == expected.explicit
