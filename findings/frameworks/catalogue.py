"""The frameworks that are shown, put together from what they ask (rules/controls.py) and from the rules that answer.

Ids and numbers are the catalogues'; titles are our own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from findings.analysis.setting_fields import DECIDED
from findings.rules.controls import CIS3, CIS5, CIS7, CONTROLS, HUB, WELL, Asked, Only
from findings.rules.coverage import answers
from findings.rules.registry import rule
from findings.vocabulary import LISTED_BY, Rule

ALL = Only()
CIS_SECTIONS = {"1": "Identity and access", "3": "Logging", "4": "Monitoring"}
CIS7_SECTIONS = {"2": "Identity and access", "4": "Logging", "5": "Monitoring"}
HUB_SECTIONS = {
    "IAM": "Identity and access",
    "Account": "Account",
    "CloudTrail": "CloudTrail",
    "Config": "AWS Config",
    "CloudWatch": "CloudWatch",
}
WELL_SECTIONS = {"SEC02": "SEC 2: identities of people and machines", "SEC03": "SEC 3: permissions"}


@dataclass(frozen=True)
class Answer:
    """A rule that answers a control, by all of its findings or by some.

    guard: it answers only where its faults leave the others nothing to judge. concern: it answers nothing; where it has no
    subject, the control is not about the account.
    """

    code: str
    only: Only = field(default=ALL, hash=False)
    guard: bool = field(default=False, hash=False)
    concern: bool = field(default=False, hash=False)

    @property
    def rule(self) -> Rule:
        return rule(self.code)

    @property
    def whole(self) -> bool:
        return self.only == ALL

    @property
    def counted(self) -> bool:
        """Whether FindingCount tells its findings."""
        return not self.only.parts and not self.only.public

    @property
    def apis(self) -> tuple[str, ...]:
        """What it rests on; the last are those that make it surer."""
        listed = (LISTED_BY[kind] for kind in self.rule.subjects if kind in LISTED_BY)
        return tuple(dict.fromkeys((*listed, *self.rule.sources)))


@dataclass(frozen=True)
class Control:
    """One thing that a framework asks. answers: none for what no rule answers; `asked` says why."""

    ref: str
    asked: Asked = field(hash=False)
    answers: tuple[Answer, ...] = ()

    @property
    def title(self) -> str:
        return self.asked.what[:1].upper() + self.asked.what[1:]

    @cached_property
    def question(self) -> Any:
        """Equal for controls that are judged alike."""
        asked = self.asked
        return self.answers, tuple(asked.limits.items()), asked.beyond, asked.manual, asked.lacks

    @cached_property
    def judging(self) -> tuple[Answer, ...]:
        """Those that can prove it."""
        return tuple(one for one in self.answers if not one.guard and not one.concern)

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(answer.code for answer in self.judging)

    @property
    def apis(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(api for one in self.answers for api in one.apis))

    @property
    def demands(self) -> list[tuple[str, str]]:
        """Settings that decide what a fault is, by title, with the control's own number."""
        return [(DECIDED[name].title, DECIDED[name].said(n) if n else "none") for name, n in self.asked.limits.items()]


@dataclass(frozen=True)
class Framework:
    """slug: for addresses. name: as rules name it in `controls`. sections: beginnings of ids, with their titles."""

    slug: str
    name: str
    title: str
    about: str
    sections: Mapping[str, str] = field(hash=False)

    @cached_property
    def controls(self) -> Mapping[str, Control]:
        """By its number, in the catalogue's order."""
        rules = answers()
        made = {
            ref: _control(ref, asked, tuple(one.code for one in rules.get((self.name, ref), ())))
            for ref, asked in CONTROLS[self.name].items()
        }
        order = list(self.sections)
        return MappingProxyType(dict(sorted(made.items(), key=lambda pair: order.index(self.section(pair[0])))))

    def section(self, ref: str) -> str:
        return next(key for key in self.sections if ref.split(".")[0].split("-")[0] == key)

    def by_section(self) -> Iterator[tuple[str, list[Control]]]:
        for key, title in self.sections.items():
            yield title, [one for one in self.controls.values() if self.section(one.ref) == key]

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(answer.code for one in self.controls.values() for answer in one.answers)


def _control(ref: str, asked: Asked, codes: tuple[str, ...]) -> Control:
    own = tuple(Answer(code, asked.only.get(code, ALL)) for code in codes)
    guards = tuple(Answer(code, guard=True) for code in asked.guards if own)
    concern = (Answer(asked.concerns, concern=True),) if asked.concerns and own else ()
    return Control(ref, asked, own + guards + concern)


def _cis(slug: str, name: str, version: str, sections: Mapping[str, str]) -> Framework:
    listed = ", ".join(sections)
    about = f"Sections {listed} of version {version}: what of it concerns IAM, the trail, and who is told."
    return Framework(slug, name, f"CIS AWS Foundations Benchmark v{version}", about, sections)


@cache
def frameworks() -> Mapping[str, Framework]:
    """By slug."""
    some = (
        _cis("cis-v7", CIS7, "7.0.0", CIS7_SECTIONS),
        _cis("cis-v5", CIS5, "5.0.0", CIS_SECTIONS),
        _cis("cis-v3", CIS3, "3.0.0", CIS_SECTIONS),
        Framework(
            "security-hub",
            HUB,
            "AWS Security Hub",
            "Its controls on IAM, the account, CloudTrail, AWS Config and CloudWatch's metric filters.",
            HUB_SECTIONS,
        ),
        Framework(
            "well-architected",
            WELL,
            "AWS Well-Architected SEC 2 and SEC 3",
            "The best practices of two questions of the security pillar. They ask for more than rules can tell, so most of "
            "them hold in part at best.",
            WELL_SECTIONS,
        ),
    )
    return MappingProxyType({one.slug: one for one in some})
