"""Which findings answer a control: all of a rule's, or some of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, CharField, F, Q, Value, When

from findings.frameworks.catalogue import Answer

PUBLIC, ELSE = "*public", "*"


def where(answers: Iterable[Answer]) -> Q:
    """The findings that answer, whatever their status. Nothing for no answers."""
    either = Q(pk__in=())
    for answer in answers:
        one = Q(code=answer.code)
        if answer.only.parts:
            one &= Q(part__in=answer.only.parts)
        if answer.only.subject:
            one &= Q(subject_type=answer.only.subject)
        if answer.only.public:
            one &= Q(evidence__public=True)
        either |= one
    return either


def bucket(answers: Iterable[Answer]) -> Case:
    """A finding's part; where what it says counts, that stands in its place."""
    said = {one.code for one in answers if one.only.public}
    return Case(
        When(Q(code__in=said, evidence__public=True), then=Value(PUBLIC)),
        When(Q(code__in=said), then=Value(ELSE)),
        default=F("part"),
        output_field=CharField(),
    )


def answered_by(answer: Answer, part: str, subject: str) -> bool:
    """part: as of `bucket`."""
    only = answer.only
    if only.public:
        return part == PUBLIC
    return (not only.parts or part in only.parts) and (not only.subject or subject == only.subject)
