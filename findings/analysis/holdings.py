"""The documents behind a role's, user's or group's permissions, compiled: each once, however many hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Group, Holder, Principal, Role, User
from findings.analysis.guardrails import document_of
from findings.analysis.kept import Kept
from findings.policy.catalogue import catalogue
from findings.policy.compiled import NOTHING, Compiled, compile_document
from findings.policy.document import Document, Unreadable
from findings.policy.evaluate import Layer, Named

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

KEPT = 4096  # compiled documents a process keeps; AWS-managed policies recur in every account
KEPT_HOLDERS = 16_384
NOT_COLLECTED = "the document was not collected"
NOT_COLLECTED_GROUP = "the group was not collected"
_compiled: dict[tuple[str, str, str], Compiled] = {}


@dataclass(frozen=True, slots=True)
class Held:
    """One policy as somebody has it. kind: "AWS-managed", "customer-managed" or "inline". compiled: NOTHING if unreadable."""

    named: Named
    kind: str
    digest: str
    compiled: Compiled

    @property
    def title(self) -> str:
        """ "AdministratorAccess by group admins"."""
        name = self.named.name.partition(":policy/")[2] or self.named.name.removeprefix("inline:")
        return f"{name} {self.named.via.replace('group ', 'by group ', 1)}" if self.named.via else name


class Library:
    """The policies of one account."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.catalogue = catalogue()
        self._managed: dict[tuple[str, Layer, str], Held] = {}
        self._own_compiled: dict[str, Compiled] = {}
        self._held_by = Kept[tuple[Held, ...]](KEPT_HOLDERS)
        self._alike: dict[object, tuple[Held, ...]] = {}

    def of(self, holder: Holder) -> tuple[Held, ...]:
        """Its identity policies, those of a user's groups included. Members of a group that was not collected: see
        `lacks`. One object for all who have the same."""
        return self._held_by.get((holder,), lambda: self._once(holder))

    def _once(self, holder: Holder) -> tuple[Held, ...]:
        groups = holder.groups if isinstance(holder, User) else ()
        key = holder.attached, tuple(holder.inline.items()), groups
        if key not in self._alike:
            if len(self._alike) >= KEPT_HOLDERS:
                self._alike.clear()
            self._alike[key] = tuple(self._gathered(holder))
        return self._alike[key]

    def _gathered(self, holder: Holder) -> Iterator[Held]:
        yield from self._own(holder, "")
        for group in self.groups(holder):
            yield from self._own(group, f"group {group.name}")

    def groups(self, holder: Holder) -> Iterator[Group]:
        for name in holder.groups if isinstance(holder, User) else ():
            if group := self.facts.groups_by_name.get(name):
                yield group

    def missing_groups(self, holder: Holder) -> tuple[Named, ...]:
        """A user's groups that were not collected, each as a policy that nobody can read."""
        names = holder.groups if isinstance(holder, User) else ()
        gone = (name for name in names if name not in self.facts.groups_by_name)
        return tuple(Named(Layer.IDENTITY, f"group {name}", Unreadable(NOT_COLLECTED_GROUP)) for name in gone)

    def _own(self, holder: Holder, via: str) -> Iterator[Held]:
        for arn in holder.attached:
            yield self.managed(arn, Layer.IDENTITY, via)
        for name, digest in holder.inline.items():
            yield self._held(Layer.IDENTITY, f"inline:{name}", "inline", digest, via)

    def managed(self, arn: str, layer: Layer, via: str = "") -> Held:
        key = arn, layer, via
        if key not in self._managed:
            policy = self.facts.policy_by_arn.get(arn)
            kind = "AWS-managed" if ":iam::aws:policy/" in arn else "customer-managed"
            self._managed[key] = self._held(layer, arn, kind, policy.document if policy else "", via)
        return self._managed[key]

    def boundary(self, holder: Holder) -> Held | None:
        arn = holder.boundary if isinstance(holder, Principal) else None
        return self.managed(arn, Layer.BOUNDARY) if arn else None

    def _held(self, layer: Layer, name: str, kind: str, digest: str, via: str) -> Held:
        document = self.facts.document(digest) if digest else Unreadable(NOT_COLLECTED)
        return Held(Named(layer, name, document, via=via), kind, digest, self.compile(digest, document))

    @cached_property
    def levels(self) -> tuple[tuple[Held, ...], ...] | None:
        """The SCPs that bind the account, root first. None: not visible."""
        return self._guardrails(Layer.SCP)

    @cached_property
    def resource_levels(self) -> tuple[tuple[Held, ...], ...] | None:
        """The RCPs that bind the account's resources."""
        return self._guardrails(Layer.RCP)

    def _guardrails(self, layer: Layer) -> tuple[tuple[Held, ...], ...] | None:
        found = self.facts.guardrails.scp if layer is Layer.SCP else self.facts.guardrails.rcp
        if found is None:
            return None
        return tuple(
            tuple(
                Held(
                    Named(layer, policy.name, document := document_of(self.facts, policy), level=level.name),
                    layer.value,
                    policy.document,
                    self.compile(policy.document, document),
                )
                for policy in level.policies
            )
            for level in found
        )

    def compile(self, digest: str, document: Document | Unreadable) -> Compiled:
        if isinstance(document, Unreadable):
            return NOTHING
        if digest not in self._own_compiled:
            self._own_compiled[digest] = self._compile(digest, document)
        return self._own_compiled[digest]

    def _compile(self, digest: str, document: Document) -> Compiled:
        """Kept for the process; a document that names the account itself is compiled for it."""
        account = self.facts.snapshot.account_id
        key = digest, self.catalogue.version, account if _mentions(document, account) else ""
        if key not in _compiled:
            if len(_compiled) >= KEPT:
                _compiled.clear()
            _compiled[key] = compile_document(document, self.catalogue, key[2])
        return _compiled[key]

    def lacks(self, holder: Holder) -> tuple[str, ...]:
        """What could not be read of what the holder has, as sentences; the boundary and groups included."""
        gaps = [held.named for held in self.of(holder) if isinstance(held.named.document, Unreadable)]
        boundary = self.boundary(holder)
        if boundary and isinstance(boundary.named.document, Unreadable):
            gaps.append(boundary.named)
        missing = (f"{named.name} of {holder.name} was not collected" for named in self.missing_groups(holder))
        return (*map(_unread, gaps), *missing)

    def binds(self, holder: Holder) -> bool:
        """Whether SCPs bind the holder at all: never service-linked roles (AWS.md 16)."""
        return not (isinstance(holder, Role) and holder.service_linked)


def _mentions(document: Document, account: str) -> bool:
    field = f":{account}:"
    return any(field in resource for s in document.statements for resource in s.resources or ())


def _unread(named: Named) -> str:
    reason = named.document.reason if isinstance(named.document, Unreadable) else ""
    what = "permissions boundary" if named.layer is Layer.BOUNDARY else "policy"
    via = f" (by {named.via})" if named.via else ""
    return f"the {what} {named.name}{via} could not be read: {reason}"
