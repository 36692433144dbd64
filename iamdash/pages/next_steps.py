"""What to do next: of the actions that close open findings those that take most risk away for their effort (steps.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.db import connection
from django.http import HttpRequest

from collectors.models import Account
from findings import steps
from findings.analysis.families import FIXED_HIGHER, fixed_at
from findings.models import Finding, PermissionSetRole
from findings.rules import registry
from findings.score import WEIGHTS
from findings.vocabulary import Rule, Severity
from iamdash.pages import show
from iamdash.pages.kept import Open

TOP = 5
Accounts: TypeAlias = Mapping[int, Account] | None
LIKELY = 8  # rules that are looked at first; as a rule none of the others can be worth as much
COLUMNS = {severity: severity.slug for severity in steps.WORST_FIRST}
# The same as steps.worth for a rule of effort 1: it ranks the accounts of one rule. Rules are ranked among each other by worth.
_UP_TO = [steps.WORST_FIRST[: n + 1] for n in range(len(steps.WORST_FIRST))]
_WORTH = ", ".join(
    "({risk})::float / greatest(1 + ({n} - 1) / {like}::float, 1)".format(
        risk=" + ".join(f"{WEIGHTS[s]} * {COLUMNS[s]}" for s in some),
        n=" + ".join(COLUMNS[s] for s in some),
        like=steps.LIKE,
    )
    for some in _UP_TO
)
_SUMS = ", ".join(
    f"coalesce(sum(n) filter (where severity = {s.value}), 0)::float as {name}" for s, name in COLUMNS.items()
)
# The greatest array is the account with the highest worth, of equals the first: no sorting.
_BEST = f"""
with cells as (
  select account_id, code, {_SUMS} from findings_findingcount
  where status = 'open' and code = any(%(codes)s) {{mine}} group by 1, 2 having sum(n) > 0),
worths as (select *, greatest({_WORTH}) as worth from cells),
best as (select code, count(*) as accounts, max(array[worth, -account_id, {", ".join(COLUMNS.values())}]) as found
  from worths group by 1)
select code, -found[2]::bigint, accounts, {", ".join(f"found[{n}]::bigint" for n in range(3, 3 + len(COLUMNS)))} from best
"""  # noqa: S608 - constants of this module
# The roles of a set are told apart by their ids, which an index of findings has. Accounts are compared where rows are counted: in
# the join, the planner takes it to leave nearly none, and sorts them all instead of counting them as they come.
_ROLES = """
from findings_permissionsetrole s join collectors_principal p on p.id = s.role_id and p.gone_at is null
join findings_finding f on f.subject_id = p.unique_id
where f.resolved_at is null and f.status = 'open'
"""
_SETS = f"""
select f.code, s.set_arn, min(s.name), f.severity, count(*) filter (where f.account_id = s.account_id) {_ROLES} {{mine}}
group by 1, 2, 4
"""
_OF_SET = f"""
select f.code, s.set_arn, count(distinct f.account_id) {_ROLES} and f.account_id = s.account_id
and s.set_arn = any(%(sets)s) and f.code = any(%(codes)s) {{mine}} group by 1, 2
"""


@dataclass(frozen=True)
class Action:
    """place: where it is done, in words; permission_set: the ARN of one, 1 account until `_told` counts them. accounts: in which
    it closes findings. url: the findings that it closes. others: accounts with findings of the rule that it leaves open;
    others_url: all of the rule's."""

    rule: Rule
    place: str
    counts: Mapping[Severity, int]
    accounts: int
    url: str
    together: bool = False
    others: int = 0
    others_url: str = ""
    permission_set: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def risk(self) -> int:
        return steps.risk(self.counts)

    @property
    def worth(self) -> float:
        return steps.worth(self.rule.effort, self.counts, together=self.together)


def next_steps(request: HttpRequest, accounts: Accounts, still_open: Open) -> list[Action]:
    """At most TOP, the best first, no rule twice. still_open: all open findings by rule, of these accounts, by key, or of all.

    In no account is a rule worth more than all its findings would be in one: so only rules that could be among the best are
    looked at account by account. Four queries, or six; one more where a permission set is among them.
    """
    found = [*_of_places(request, accounts), *_of_sets(request, accounts)]
    left = _at_most(still_open)
    for some in (left[:LIKELY], left[LIKELY:]):
        least = _best(found)[TOP - 1].worth if len(_best(found)) == TOP else 0.0
        found += _of_accounts(request, accounts, [code for code, worth in some if worth >= least])
    return _told(_best(found), accounts)


def _told(actions: list[Action], accounts: Accounts) -> list[Action]:
    """With the accounts of those that change a permission set: counted of these alone."""
    sets = [one for one in actions if one.permission_set]
    if not sets:
        return actions
    given = {"sets": [one.permission_set for one in sets], "codes": [one.rule.code for one in sets]}
    found = {(code, arn): n for code, arn, n in _of_roles(_OF_SET, accounts, **given)}
    return [replace(one, accounts=found.get((one.rule.code, one.permission_set), one.accounts)) for one in actions]


def _at_most(still_open: Open) -> list[tuple[str, float]]:
    """Rules with what they may be worth in an account, the most first."""
    known = registry.catalogue()
    worths = (
        (code, steps.worth(known[code].rule.effort, counts))
        for code, counts in still_open.items()
        if code in known and code not in FIXED_HIGHER
    )
    return sorted(((code, worth) for code, worth in worths if worth), key=lambda one: (-one[1], one[0]))


def _best(found: Iterable[Action]) -> list[Action]:
    best: dict[str, Action] = {}
    for action in sorted(found, key=lambda one: (-one.worth, -one.risk, one.rule.code, one.place)):
        best.setdefault(action.rule.code, action)
    return [action for action in best.values() if action.worth][:TOP]


def _of_accounts(request: HttpRequest, accounts: Accounts, codes: list[str]) -> Iterable[Action]:
    if not codes:
        return
    mine = "" if accounts is None else "and account_id = any(%(accounts)s)"
    with connection.cursor() as cursor:
        cursor.execute(_BEST.format(mine=mine), {"accounts": list(accounts or ()), "codes": codes})
        rows = cursor.fetchall()
    if accounts is None:
        accounts = Account.objects.in_bulk({pk for _, pk, *_ in rows})
    known = registry.catalogue()
    for code, pk, n, *counts in rows:
        if code in known and pk in accounts:
            yield Action(
                known[code].rule,
                accounts[pk].name,
                _counts(zip(COLUMNS, counts, strict=True)),
                1,
                _findings(request, rule=code, account=accounts[pk].aws_id),
                others=n - 1,
                others_url=_findings(request, rule=code),
            )


def _of_places(request: HttpRequest, accounts: Accounts) -> Iterable[Action]:
    """Findings that are put right above their accounts, and, where nobody read the tree, in each of these."""
    rows = Finding.objects.filter(resolved_at=None, status=Finding.Status.OPEN, code__in=FIXED_HIGHER)
    rows = rows if accounts is None else rows.filter(account__in=list(accounts))
    found: defaultdict[tuple[str, str, str, str], list[tuple[int, int]]] = defaultdict(list)
    columns = ("code", "severity", "evidence__fix_at", "account", "account__aws_id", "account__name")
    for code, severity, told, pk, aws_id, name in rows.values_list(*columns):
        place = fixed_at(code, {"fix_at": told})
        found[(code, "fix", place, told) if place else (code, "account", aws_id, name)].append((severity, pk))
    known = registry.catalogue()
    for (code, narrow, slug, words), some in found.items():
        if code in known:
            counts = _counts((severity, 1) for severity, _ in some)
            url = _findings(request, rule=code, **{narrow: slug})
            yield Action(known[code].rule, words, counts, len({pk for _, pk in some}), url, together=True)


def _of_sets(request: HttpRequest, accounts: Accounts) -> Iterable[Action]:
    """Of each rule the set that is worth most."""
    if not PermissionSetRole.objects.exists():
        return
    found: defaultdict[tuple[str, str], list[tuple[str, int, int]]] = defaultdict(list)
    for code, arn, *rest in _of_roles(_SETS, accounts):
        found[code, arn].append(tuple(rest))
    known, best = registry.catalogue(), {}
    for (code, arn), some in found.items():
        if code in known:
            counts = _counts((severity, n) for _, severity, n in some)
            worth = steps.worth(known[code].rule.effort, counts, together=True)
            told = (-worth, -steps.risk(counts), min(name for name, _, _ in some), arn, counts)
            best[code] = min(told, best.get(code, told), key=lambda one: one[:4])
    for code, (*_, name, arn, counts) in best.items():
        url = _findings(request, rule=code, set=arn)
        words = f"permission set {name}"
        yield Action(known[code].rule, words, counts, 1, url, together=True, permission_set=arn)


def _of_roles(sql: str, accounts: Accounts, **given: list[str]) -> list[tuple[Any, ...]]:
    mine = "" if accounts is None else "and s.account_id = any(%(accounts)s)"
    with connection.cursor() as cursor:
        cursor.execute(sql.format(mine=mine), {"accounts": list(accounts or ()), **given})
        return list(cursor.fetchall())


def _counts(pairs: Iterable[tuple[int, int]]) -> Mapping[Severity, int]:
    found = dict.fromkeys(steps.WORST_FIRST, 0)
    for severity, n in pairs:
        found[Severity(severity)] += n
    return found


def _findings(request: HttpRequest, **narrow: str) -> str:
    return show.address(request, "findings", **narrow)
