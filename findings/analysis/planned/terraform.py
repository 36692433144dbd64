"""The IAM part of a Terraform plan, as `terraform show -json tfplan` prints it (HashiCorp, "JSON Output Format", 0.1 to 1.x).

`resource_changes` hold values before and after; `after_unknown` marks what only the apply tells. Most of those are ARNs of
policies and names of roles that the same plan makes: references.py finds which, and IAM's ARNs follow from the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from findings.analysis.planned.changes import Change, Lasting, Plan, PlanError, PutHolder, PutInline, PutPolicy, Remove
from findings.analysis.planned.resources import READERS, Reading, Side

Row = Mapping[str, Any]
HOW = "`terraform plan -out tfplan`, then `terraform show -json tfplan > tfplan.json`"
GIVES, TAKES = frozenset({"create", "update"}), frozenset({"delete", "update"})
MAKERS = (  # of other services, what may make or bind identities
    "aws_cloudformation_stack",
    "aws_organizations_policy",
    "aws_serverlessapplicationrepository_cloudformation_stack",
    "aws_ssoadmin_",
    "awscc_cloudformation_",
    "awscc_iam_",
    "awscc_organizations_policy",
    "awscc_sso_",
)


def read(raw: Any, account_id: str, partition: str) -> Plan:
    """raw: the parsed JSON. Raises PlanError when it is no plan."""
    if not isinstance(raw, Mapping):
        raise PlanError(f"It is JSON, and no Terraform plan. Make one: {HOW}.")
    _check_version(raw)
    if "resource_changes" not in raw and "planned_values" not in raw:
        raise PlanError(f"It is a Terraform state, or cut: a plan has resource_changes. Make one: {HOW}.")
    rows = raw.get("resource_changes", [])
    if not isinstance(rows, list):
        raise PlanError(f"Its resource_changes are no list. Make the plan again: {HOW}.")
    return _Plan(raw, [row for row in rows if _is_row(row)], account_id, partition).read()


def _check_version(raw: Row) -> None:
    version = raw.get("format_version")
    if version is None:
        raise PlanError(f"It has no format_version, so it is no Terraform plan in JSON. Make one: {HOW}.")
    major = str(version).partition(".")[0]
    if major not in ("0", "1"):
        raise PlanError(
            f"Its format_version is {str(version)[:20]!r}; 0.x and 1.x are understood. Update iamdash, or make the plan with"
            " Terraform 1.x or OpenTofu."
        )


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("change"), Mapping)


class _Plan:
    def __init__(self, raw: Row, rows: list[Row], account_id: str, partition: str) -> None:
        self.raw, self.rows, self.account = raw, rows, account_id
        made = {side.address: side for row in rows if (side := _side(row, "after"))}
        configuration = raw.get("configuration")
        root = configuration.get("root_module") if isinstance(configuration, Mapping) else None
        self.reading = Reading(made, root, f"arn:{partition}:iam::{account_id}")
        self.not_understood: dict[str, list[str]] = {}
        self.passed_over: set[str] = set()
        self.elsewhere: list[str] = []

    def read(self) -> Plan:
        changes = [change for row in self.rows for change in self._changes(row)]
        return Plan(
            tuple(changes),
            tuple(dict.fromkeys(self.reading.unresolved)),
            (*self._partial(), *self.elsewhere, *map(_said, self.not_understood.items())),
            passed_over=tuple(sorted(self.passed_over)),
        )

    def _changes(self, row: Row) -> Iterator[Change]:
        said = row["change"].get("actions")
        actions = frozenset(map(str, said if isinstance(said, list) else ()))
        if row.get("mode", "managed") != "managed" or not actions & (GIVES | TAKES):
            return
        kind, address = str(row.get("type", "")), str(row.get("address", ""))
        if kind not in READERS:
            if kind.startswith(("aws_iam_", *MAKERS)):
                self.not_understood.setdefault(kind, []).append(address)
            else:
                self.passed_over.add(kind)
        elif other := _other_account(row, self.account):
            self.elsewhere.append(f"{address} is of account {other}, so it is not judged here.")
        else:
            yield from self._read(row, READERS[kind], actions)

    def _read(self, row: Row, reader: Any, actions: frozenset[str]) -> Iterator[Change]:
        before, after = _side(row, "before"), _side(row, "after")
        gone = list(reader(self.reading, before)) if before and actions & TAKES else []
        come = list(reader(self.reading, after)) if after and actions & GIVES else []
        kept = {_identity(change) for change in come}
        yield from (Remove(old) for old in gone if isinstance(old, Lasting) and _identity(old) not in kept)
        yield from come

    def _partial(self) -> Iterator[str]:
        if self.raw.get("errored") is True:
            yield "Terraform stopped with an error while it made the plan: more may change than stands in it."
        elif self.raw.get("complete") is False or self.raw.get("deferred_changes"):
            yield "Terraform put some changes off to a later plan: they are not in this one."


def _said(found: tuple[str, list[str]]) -> str:
    kind, addresses = found
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return f"{kind} is not understood, so what it changes is not judged: {', '.join(addresses[:3])}{more}."


def _other_account(row: Row, own: str) -> str:
    """The account of the resource, where its ARN tells one that is not ours."""
    for which in ("before", "after"):
        values = row["change"].get(which)
        arn = values.get("arn") if isinstance(values, Mapping) else None
        fields = arn.split(":") if isinstance(arn, str) else []
        if len(fields) > 5 and fields[4].isdigit() and fields[4] != own:
            return fields[4]
    return ""


def _side(row: Row, which: str) -> Side | None:
    change = row["change"]
    values, before = change.get(which), change.get("before")
    if not isinstance(values, Mapping):
        return None
    unknown = change.get("after_unknown") if which == "after" else {}
    module = row.get("module_address")
    return Side(
        str(row.get("address", "")),
        f"{module}." if isinstance(module, str) and module else "",
        str(row.get("type", "")),
        values,
        unknown if isinstance(unknown, Mapping) else {},
        before if isinstance(before, Mapping) and which == "after" else {},
    )


def _identity(change: Change) -> tuple[Any, ...]:
    match change:
        case PutHolder(holder=holder):
            return ("holder", holder)
        case PutPolicy(arn=arn):
            return ("policy", arn)
        case PutInline(holder=holder, name=name):
            return ("inline", holder, name)
        case _:
            return ("other", change)
