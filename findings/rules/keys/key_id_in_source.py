"""
## What it does
Opens when the id of an access key was found in source code: by `manage.py find-keys PATH`, in its files or, with
`--git-history`, in any commit, or in the report of another scanner (gitleaks, TruffleHog) that the command was given. High, and
critical while the key is active. The id, the place and the commit are kept; the secret is never read or stored.

## Why it matters
Where the id stands, the secret mostly stands on the next line. Whoever may read the repository, a copy of it or a build's log has
the key, and taking the line out does not take it out of the history. That goes for private repositories as well.

## How to fix
Take the key for known to others: give its program something that ends (the key's page says what), end the key, and look at what
was done with it. Cleaning the history comes after that and is no substitute:

    aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive
    aws iam delete-access-key --user-name USER --access-key-id KEY

A scanner in CI keeps the next one out. The finding closes when the key is deleted.

## What it cannot know
Whether the secret stands there too, and who read it. Places that nobody scanned. Keys of accounts that are not connected: the
command names them on the terminal and stores nothing of them.

## References
- [Secure access keys](https://docs.aws.amazon.com/IAM/latest/UserGuide/securing_access-keys.html)
- [What to do about exposed keys](https://repost.aws/knowledge-center/potential-account-compromise)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import AccessKey, KeySighting
from findings.analysis.facts import Facts
from findings.rules.words import few
from findings.vocabulary import Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType

MOST = 10  # sightings that evidence tells

RULE = Rule(
    code="KY116",
    slug="key-id-in-source",
    severity=Severity.HIGH,
    subject=SubjectType.KEY,
    kind=RuleKind.SEES,
    effort=Effort.MEDIUM,
    needs=("iam:ListAccessKeys",),
    controls={
        "AWS Well-Architected": ("SEC02-BP03",),
    },
    title="The id of key AKIA… stands in source code",
    doc=__doc__,
)


def judge(key: AccessKey, facts: Facts) -> Iterator[Outcome]:
    if not (found := facts.activity.keys.sightings(key)):
        return
    places = list(dict.fromkeys(f"{one.place}/{one.path}" if one.place else one.path for one in found))
    yield Open(
        f"Key {key.unique_id} of {key.user_name} stands in source code: {few(places)}",
        {
            "user": key.user_name,
            "active": key.active,
            "sightings": [_told(one) for one in found[:MOST]],
            "sightings_in_all": len(found),
            "first_seen_at": min(one.seen_at for one in found).isoformat(),
        },
        Severity.CRITICAL if key.active else None,
    )


def _told(one: KeySighting) -> str:
    """ "repo: deploy/env.sh, line 3, commit 1a2b3c4d5e6f (git history)"."""
    line = f", line {one.line}" if one.line else ""
    commit = f", commit {one.commit[:12]}" if one.commit else ""
    return f"{one.place}: {one.path}{line}{commit} ({one.source})"
