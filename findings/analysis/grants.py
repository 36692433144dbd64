"""Policies that grant, seen from the subject that a finding on them stands on (RULES.md, conventions).

A customer-managed policy is its own subject. An inline policy is told on its holder, and an AWS-managed one too: nobody can
change it, so its attachment is the fault. A policy that is only a permissions boundary grants nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.records import Holder, Policy, Role
from findings.analysis.facts import Facts
from findings.policy.compiled import Compiled
from findings.policy.document import Document, Unreadable
from findings.policy.evaluate import Layer

ATTACHED, INLINE = "attached", "inline"


@dataclass(frozen=True, slots=True)
class Grant:
    """part: "" for a policy itself; "inline:<name>", or the AWS policy's name, for what a holder has.

    name: words for titles ("policy x", "inline policy x of role y").
    """

    part: str
    name: str
    document: Document | Unreadable
    compiled: Compiled


def applies(subject: Policy | Holder) -> bool:
    """Whether anything of the subject is judged: not AWS's own policies, not what only limits, not service-linked roles."""
    if isinstance(subject, Policy):
        return not subject.aws_managed and (subject.attachment_count > 0 or not subject.boundary_count)
    return not (isinstance(subject, Role) and subject.service_linked)


def grants(subject: Policy | Holder, facts: Facts) -> Iterator[Grant]:
    """Groups' policies are told on the group, not on its members."""
    if isinstance(subject, Policy):
        document = facts.document(subject.document)
        yield Grant(
            "", f"policy {subject.name}", document, facts.permissions.library.compile(subject.document, document)
        )
    else:
        yield from _of_holder(subject, facts)


def _of_holder(holder: Holder, facts: Facts) -> Iterator[Grant]:
    library, kind = facts.permissions.library, type(holder).__name__.lower()
    for arn in holder.attached:
        if ":iam::aws:policy/" in arn:
            held = library.managed(arn, Layer.IDENTITY)
            name = arn.rpartition("/")[2]
            yield Grant(name, f"{name}, attached to {kind} {holder.name},", held.named.document, held.compiled)
    for name, digest in sorted(holder.inline.items()):
        document = facts.document(digest)
        words = f"inline policy {name} of {kind} {holder.name}"
        yield Grant(f"inline:{name}", words, document, library.compile(digest, document))
