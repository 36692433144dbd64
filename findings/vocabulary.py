"""The words of the catalogue: severities, practices, rules, and what a judgement may say. Plain Python.

A rule looks at one subject and yields outcomes (`Open`, `Clear`, `Unknown`); yielding nothing means that the rule
does not apply to it. The registry turns outcomes into verdicts, which name the rule and the subject.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

Json = str | int | float | bool | None | list[str]
SECTIONS = ("What it does", "Why it matters", "How to fix", "What it cannot know", "References")


class Severity(enum.IntEnum):
    """Stored as a number, so that sorting by it means something; 0 stays free for "nothing open"."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def slug(self) -> str:
        """Name for URLs and CSS classes."""
        return self.name.lower()


class Practice(enum.Enum):
    """One of the mission's five practices, and the account basics; the value is the prefix of its rules' codes."""

    HUMANS_AND_MACHINES = "HM"
    LEAST_PRIVILEGE = "LP"
    GUARDRAILS = "GR"
    KEYS = "KY"
    MONITORING = "MO"
    ACCOUNT_BASICS = "AB"

    @classmethod
    def of(cls, code: str) -> Practice:
        """The practice of a rule code ("HM107"); ValueError for a prefix that no practice has."""
        return cls(code[:2])

    @property
    def prefix(self) -> str:
        return self.value

    @property
    def slug(self) -> str:
        """Name for URLs; with underscores it is the folder below findings/rules."""
        return self.name.lower().replace("_", "-")

    @property
    def folder(self) -> str:
        return self.name.lower()

    @property
    def title(self) -> str:
        return _PRACTICE_TITLES[self.value][0]

    @property
    def label(self) -> str:
        """Short enough for a column or a legend."""
        return _PRACTICE_TITLES[self.value][1]


_PRACTICE_TITLES = {
    "HM": ("Prevent humans from using machine roles", "Humans and machines"),
    "LP": ("Eliminate unused services and resources from IAM policies", "Least privilege"),
    "GR": ("Create IAM roles with guardrails", "Guardrails"),
    "KY": ("Short lived IAM keys, if at all", "Keys"),
    "MO": ("Continuously monitor IAM activity", "Monitoring"),
    "AB": ("Account basics", "Account basics"),
}


class SubjectType(enum.StrEnum):
    """Whose page a finding stands on."""

    ROLE = "role"
    USER = "user"
    KEY = "key"
    GROUP = "group"
    POLICY = "policy"
    ACCOUNT = "account"
    TRAIL = "trail"
    BUCKET = "bucket"
    ORGANIZATION = "organization"


# The API whose answer lists all subjects of a type. Until it is complete, a subject we do not see is not gone.
LISTED_BY: Mapping[SubjectType, str] = {
    SubjectType.ROLE: "iam:GetAccountAuthorizationDetails",
    SubjectType.USER: "iam:GetAccountAuthorizationDetails",
    SubjectType.GROUP: "iam:GetAccountAuthorizationDetails",
    SubjectType.POLICY: "iam:GetAccountAuthorizationDetails",
    SubjectType.KEY: "iam:ListAccessKeys",
    SubjectType.BUCKET: "s3:ListBuckets",
    SubjectType.ORGANIZATION: "organizations:DescribeOrganization",
    SubjectType.TRAIL: "cloudtrail:DescribeTrails",
}
# Of these one region tells most, and others may be closed for good: what was read of some is judged as far as it goes.
IN_REGIONS = frozenset({"cloudtrail:DescribeTrails"})


class RuleKind(enum.StrEnum):
    """SEES: a bad thing is visible; opens on partial data. LACKS: something was not seen; needs every source it
    lists."""

    SEES = "sees"
    LACKS = "lacks"


class Effort(enum.IntEnum):
    """What it takes to put one finding of a rule right (docs/operate/next.md). The value is how the sizes compare."""

    SMALL = 1
    MEDIUM = 3
    LARGE = 9

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def means(self) -> str:
        return _EFFORTS[self.name]

    @property
    def span(self) -> str:
        """How long, without the rest of what it means."""
        return re.split("[;:]", self.means)[0]


_EFFORTS = {
    "SMALL": "minutes of one person; what is taken away can be given back",
    "MEDIUM": "hours: somebody has to be asked, or a policy or program has to be changed and tried",
    "LARGE": "days: people or programs get their access in another way",
}


class Open(msgspec.Struct, frozen=True):
    """The fault is there. title: a sentence with the facts. evidence: flat, with dates and never ages: judging an
    unchanged account on another day must give the same finding. severity: only where it differs from the rule's.
    part: which of several faults of one rule on one subject."""

    title: str
    evidence: Mapping[str, Json]
    severity: Severity | None = None
    part: str = ""


class Clear(msgspec.Struct, frozen=True):
    """The rule applies and the fault is not there.

    sighting: a dated fact proves it (the key was used on Monday), so that it holds whatever another source would have
    said.
    """

    why: str
    sighting: bool = False


class Unknown(msgspec.Struct, frozen=True):
    """This subject cannot be judged, for a reason of its own. Sources that were not read are the registry's concern."""

    reason: str


Outcome = Open | Clear | Unknown


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule is. Its file holds it beside `judge`; documents and catalogue pages are drawn from it.

    code is for ever. slug names the fault, so that "accept <slug> for payments-ci" reads well. title: a sentence
    pattern. effort: of putting one finding right, as "How to fix" says. needs: APIs ("iam:GetCredentialReport") that must all
    be complete; each: such as well, but asked of roles and users one by one, so that what was read of one counts for it, and
    the rule says itself of whom nothing was read (Facts.advised). any_of: of these, one is enough. helps: APIs that make it
    surer or show use; it judges without them. controls: framework -> control ids. settings: thresholds it reads, with their
    defaults. also: further types of subject that it judges in the same way; `subject` is the one it is chiefly about.
    doc: the module's docstring, Markdown with SECTIONS as headings.
    """

    code: str
    slug: str
    severity: Severity
    subject: SubjectType
    kind: RuleKind
    effort: Effort
    title: str
    doc: str | None = field(repr=False)
    needs: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    also: tuple[SubjectType, ...] = ()
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, int] = field(default_factory=dict)

    @property
    def practice(self) -> Practice:
        return Practice.of(self.code)

    @property
    def subjects(self) -> tuple[SubjectType, ...]:
        return (self.subject, *self.also)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every API this rule reads."""
        return self.needs + self.each + self.any_of + self.helps

    @cached_property
    def sections(self) -> dict[str, str]:
        """The docstring's Markdown by heading, in SECTIONS' order; ValueError when one is missing, empty or foreign."""
        _, *pieces = re.split(r"^## (.+)$", self.doc or "", flags=re.MULTILINE)
        found = {heading.strip(): text.strip() for heading, text in zip(pieces[::2], pieces[1::2], strict=True)}
        if tuple(found) != SECTIONS or not all(found.values()):
            raise ValueError(f"{self.code} {self.slug}: its docstring must have the sections {', '.join(SECTIONS)}")
        return found

    @property
    def summary(self) -> str:
        """First sentence of "What it does"."""
        return self.sections["What it does"].split(".\n", 1)[0].split(". ", 1)[0].replace("\n", " ").rstrip(".") + "."


class Status(enum.StrEnum):
    OPEN = "open"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class Subject(msgspec.Struct, frozen=True):
    """What a verdict is about. id: RoleId, UserId, AKIA id, account id: never the ARN. An empty id stands for all
    subjects of the type in the account: which ones there are could not be read."""

    type: SubjectType
    id: str
    name: str = ""
    arn: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What one rule says of one subject. reason: why clear or unknown ("" when open).

    from_gap: unknown because a source was not read, which then holds for every subject of the rule in the account.
    """

    rule: Rule
    subject: Subject
    status: Status
    severity: Severity
    part: str = ""
    title: str = ""
    evidence: Mapping[str, Json] = {}
    reason: str = ""
    from_gap: bool = False
