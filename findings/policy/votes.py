"""Truth that remembers where it comes from: which statements say so, and which policies could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from findings.policy.layers import By
from findings.policy.truth import Truth, all_of, any_of, negate


@dataclass(frozen=True, slots=True)
class Vote:
    """by: the statements, layers or levels that make the truth what it is. unseen: policies it hangs on besides keys."""

    truth: Truth
    by: tuple[By, ...] = ()
    unseen: tuple[str, ...] = ()


YES, NO = Vote(True), Vote(False)


def any_vote(votes: Iterable[Vote]) -> Vote:
    listed = tuple(votes)
    if not listed:
        return NO
    return _joined(listed, any_of(vote.truth for vote in listed))


def all_votes(votes: Iterable[Vote]) -> Vote:
    listed = tuple(votes)
    return _joined(listed, all_of(vote.truth for vote in listed))


def opposite(vote: Vote) -> Vote:
    return Vote(negate(vote.truth), vote.by, vote.unseen)


def _joined(votes: tuple[Vote, ...], truth: Truth) -> Vote:
    """The votes that agree with the outcome are its reasons: the yes for a yes, the open for an open one."""
    if isinstance(truth, bool):
        told = [vote for vote in votes if vote.truth is truth]
    else:
        told = [vote for vote in votes if not isinstance(vote.truth, bool)]
    if len(told) == 1:
        return told[0] if told[0].truth is truth else Vote(truth, told[0].by, told[0].unseen)
    by = dict.fromkeys(by for vote in told for by in vote.by)
    return Vote(truth, tuple(by), tuple(dict.fromkeys(name for vote in told for name in vote.unseen)))
