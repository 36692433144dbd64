"""Where a source knows the resources, a grant on everything becomes one on what was used."""

from __future__ import annotations

from typing import Any

from findings.analysis.right_sizing.keep import Keeping
from findings.analysis.right_sizing.rewrite import LISTED_RESOURCES, rewrite
from findings.analysis.usage import Use
from findings.policy.catalogue import catalogue
from findings.policy.compiled import compile_document
from findings.policy.document import Document, read
from findings.policy.written import statement_json
from tests.builders import ACCOUNT_ID, AS_OF
from tests.findings.rules.policies import allow, deny, document

C = catalogue()
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT_ID}:orders"


def rewritten(body: dict[str, Any], **resources: tuple[str, ...]) -> list[dict[str, Any]]:
    found = read(body)
    assert isinstance(found, Document)
    use = Use({}, AS_OF, resources={f"sqs:{name}": arns for name, arns in resources.items()})
    compiled, keeping = compile_document(found, C, ACCOUNT_ID), Keeping(C.all, (), (), ())
    return [statement_json(w.statement) for w in rewrite(found, compiled, keeping, use, ACCOUNT_ID, C)]


def test_what_was_not_granted_on_everything_stays_where_it_was() -> None:
    body = document(allow("sqs:SendMessage", "arn:aws:sqs:*:*:x"), deny("sqs:SendMessage"))
    assert rewritten(body, SendMessage=(QUEUE,)) == body["Statement"]


def test_seen_resources_stand_for_everything_and_unseen_ones_do_not() -> None:
    condition = {"Bool": {"aws:SecureTransport": "true"}}
    body = document(
        allow(["sqs:SendMessage", "sqs:ListQueues", "sqs:DeleteMessage", "sqs:NewByNext"], Condition=condition)
    )
    seen, rest = sorted(
        rewritten(body, SendMessage=(QUEUE,), ListQueues=(QUEUE,)), key=lambda s: str(s["Resource"] == "*")
    )
    assert (seen["Action"], seen["Resource"], seen["Condition"]) == ("sqs:SendMessage", QUEUE, condition)
    assert (rest["Action"], rest["Resource"]) == (["sqs:NewByNext", "sqs:DeleteMessage", "sqs:ListQueues"], "*")


def test_too_many_to_list_become_the_template_of_their_type() -> None:
    many = tuple(f"{QUEUE}-{n}" for n in range(LISTED_RESOURCES + 1))
    (one,) = rewritten(document(allow("sqs:SendMessage")), SendMessage=many)
    assert one["Resource"] == f"arn:*:sqs:*:{ACCOUNT_ID}:*"
    elsewhere = (*many, "arn:aws:sqs:eu-west-1:999999999999:theirs")
    (one,) = rewritten(document(allow("sqs:SendMessage")), SendMessage=elsewhere)
    assert one["Resource"] == "arn:*:sqs:*:*:*"
