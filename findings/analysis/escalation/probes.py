"""Resources to ask about: ARNs of what a caller could make and name, or of anything that is there.

A policy says `function:team-*`; whether the caller may make *some* function is asked on one that the pattern matches. Whether
it may change *any* function is asked on a name that no pattern means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from findings.policy.compiled import without_variables

ANY_NAME = "iamdash0probe0of0any0name"
HOME = "us-east-1"
LIMIT = 8  # resources asked about for one step


def anything(form: str, account: str, partition: str, regions: Iterable[str]) -> Iterator[str]:
    """The form on a name that nobody means, in each region (once where the form has none)."""
    for region in regions if "{region}" in form else (HOME,):
        yield form.format(partition=partition, region=region, account=account, name=ANY_NAME)


def named(form: str, patterns: Iterable[str], account: str, partition: str) -> Iterator[str]:
    """For each resource pattern an ARN of the form's kind that it matches, where it tells a name of its own."""
    if form == "*":
        return
    plain = form.format(partition=partition, region=HOME, account=account, name=ANY_NAME)
    usual = plain.split(":", 5)
    for pattern in patterns:
        fields = without_variables(pattern).split(":", 5)
        if len(fields) == 6 and fields[5].strip("*"):
            found = [_filled(own, other) for own, other in zip(fields, usual, strict=True)]
            if found[2] == usual[2] and _kind(found[5]) == _kind(usual[5]):
                yield ":".join(found)


def _kind(resource: str) -> str:
    """ "function" of "function:name"."""
    return resource.replace("/", ":").partition(":")[0]


def _filled(pattern: str, usual: str) -> str:
    """A text that the pattern matches, the usual one if it can be."""
    if pattern in ("*", ""):
        return usual if pattern else ""
    return pattern.replace("*", ANY_NAME).replace("?", "x")


def regions_of(patterns: Iterable[str]) -> list[str]:
    """Regions that resource patterns name, as written and without wildcards."""
    fields = (pattern.split(":", 5) for pattern in patterns)
    found = (parts[3] for parts in fields if len(parts) == 6 and parts[0] == "arn")
    return list(dict.fromkeys(region for region in found if region and "*" not in region and "?" not in region))
