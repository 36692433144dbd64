"""Whether a caller may make, or take over, what a path needs besides its target: the function that gets the role, the
instance that is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from collectors.records import Role
from findings.analysis.escalation.answers import PROFILE_KEY, STACK_ROLE_KEY, Answer
from findings.analysis.escalation.asking import LIVE, RANK, Asker
from findings.analysis.escalation.model import Needs, On, Path, State, Step
from findings.analysis.escalation.probes import LIMIT, anything, named
from findings.policy.request import Context

ROLE_KEYS = frozenset({PROFILE_KEY, STACK_ROLE_KEY})
NEW_BORN = (Needs.NEW_ROLE, Needs.NEW_USER)


def made(path: Path, asker: Asker, passed: Role | None = None) -> Answer | None:
    """Wherever that is easiest: the steps on one form of ARN are asked on the same one. passed: the role that what is made
    gets, for conditions on it. None: it may not."""
    steps = path.making
    if asker.sure.issuperset(path.made_by):
        return LIVE
    context = _context(path, asker, passed)
    key = path.id, tuple(map(asker.alike, path.made_by)), tuple(sorted(context.items()))
    known = asker.shared.made
    if key not in known:
        known[key] = _everywhere(steps, context, asker)
    return known[key]


def tells_roles_apart(path: Path, asker: Asker) -> bool:
    """Whether it counts for the making which role is passed."""
    unsure = (action for action in path.made_by if action not in asker.sure)
    return any(not ROLE_KEYS.isdisjoint(asker.keys(action)) for action in unsure)


def _context(path: Path, asker: Asker, passed: Role | None) -> Context:
    if path.needs in NEW_BORN:
        return {"iam:permissionsboundary": None}
    if passed is None or not tells_roles_apart(path, asker):
        return {}
    profiles = tuple(profile.arn for profile in passed.instance_profiles)
    return {STACK_ROLE_KEY: (passed.arn,), **({PROFILE_KEY: profiles} if profiles else {})}


def _everywhere(steps: Iterable[Step], context: Context, asker: Asker) -> Answer | None:
    forms: defaultdict[tuple[On, str], list[Step]] = defaultdict(list)
    for step in steps:
        forms[step.on, step.at].append(step)
    answers = [_somewhere(on, form, tuple(some), context, asker) for (on, form), some in forms.items()]
    return None if None in answers else together([answer for answer in answers if answer])


def _somewhere(on: On, form: str, steps: tuple[Step, ...], context: Context, asker: Asker) -> Answer | None:
    best: Answer | None = None
    for resource in _resources(on, form, steps, asker):
        answers = [asker.may(step.action, resource, context) for step in steps]
        if None not in answers:
            answer = together([answer for answer in answers if answer])
            if best is None or RANK[answer.state] < RANK[best.state]:
                best = answer
        if best and best.state == "live":
            break
    return best


def _resources(on: On, form: str, steps: tuple[Step, ...], asker: Asker) -> Iterator[str]:
    account, partition = asker.ground.account, asker.ground.partition
    actions = [step.action for step in steps]
    patterns = tuple(dict.fromkeys(p for action in actions for p in asker.patterns(action)))
    found = [*anything(form, account, partition, asker.regions(actions, patterns))]
    if on is On.NEW:
        found += named(form, patterns, account, partition)
    taken = asker.ground.facts.principal_by_arn
    yield from [resource for resource in dict.fromkeys(found) if resource not in taken][:LIMIT]


def together(answers: list[Answer]) -> Answer:
    """All must be."""
    if len(answers) == 1:
        return answers[0]
    if all(answer is LIVE for answer in answers):
        return LIVE
    state: State = max((answer.state for answer in answers), key=lambda state: RANK[state])
    keys = tuple(dict.fromkeys(key for answer in answers for key in answer.keys))
    by = tuple(dict.fromkeys(by for answer in answers for by in answer.by))
    return Answer(state, keys, by)


def first(answers: Iterable[Answer | None]) -> Answer | None:
    """The best of what is enough by itself."""
    best: Answer | None = None
    for answer in answers:
        if answer and (best is None or RANK[answer.state] < RANK[best.state]):
            best = answer
        if best and best.state == "live":
            break
    return best
