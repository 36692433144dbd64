"""Whether a condition holds in a context of which we may know only a part."""

from __future__ import annotations

from collections.abc import Iterator

from findings.policy.document import Condition
from findings.policy.operators import Comparison, Of, Operator, operator
from findings.policy.request import Context
from findings.policy.texts import TextKind, Wanted, wanted
from findings.policy.truth import Maybe, Truth, all_of, any_of, maybe, negate


def holds(condition: Condition, context: Context, has_variables: bool) -> Truth:
    """has_variables: whether the document's version knows policy variables."""
    rule = operator(condition.operator)
    if rule is None:
        return maybe(condition.key)
    key = condition.key.lower()
    if rule.compares is None:
        return _null(condition, context, key)
    if key not in context:
        return _of_unknown(rule, condition, context, has_variables)
    given = context[key]
    if not given or (rule.of is not Of.ONE and given == ("",)):  # AWS: a null data set, such as an empty string
        return rule.of_absent
    if len(given) == 1 and rule.of is Of.ONE:
        truth = _one(rule, condition, given[0], context, has_variables)
        return negate(truth) if rule.negated else truth
    each = (_one(rule, condition, value, context, has_variables) for value in given)
    if rule.of is Of.ONE:  # several values without a set operator: one match is a match
        return negate(any_of(each)) if rule.negated else any_of(each)
    if rule.negated:
        each = (negate(truth) for truth in each)
    return all_of(each) if rule.of is Of.ALL else any_of(each)


def _null(condition: Condition, context: Context, key: str) -> Truth:
    """Null: "true" asks that the key is absent, "false" that it is there."""
    asked = {value.lower() for value in condition.values} & {"true", "false"}
    if key not in context:
        return len(asked) == 2 or (bool(asked) and maybe(condition.key))
    return ("false" if context[key] else "true") in asked


def _one(rule: Operator, condition: Condition, given: str, context: Context, has_variables: bool) -> Truth:
    """Whether one value of the request matches one of the policy's, whatever the negation."""
    if isinstance(rule.compares, Comparison):
        return any(_compares(rule.compares, given, value) for value in condition.values)
    return any_of(
        (Maybe(text.unknown) if text.unknown else True) if text.match(given) else False
        for text in _texts(rule, condition, context, has_variables)
    )


def _compares(comparison: Comparison, given: str, value: str) -> bool:
    left, right = comparison.given(given), comparison.wanted(value)
    return left is not None and right is not None and comparison.holds(left, right)


def _texts(rule: Operator, condition: Condition, context: Context, has_variables: bool) -> Iterator[Wanted]:
    assert isinstance(rule.compares, TextKind)
    return (text for v in condition.values if not (text := wanted(rule.compares, v, context, has_variables)).never)


def _of_unknown(rule: Operator, condition: Condition, context: Context, has_variables: bool) -> Truth:
    """The key may be absent, or there with any value. Where all of that comes to the same, the answer is sure:
    StringLikeIfExists with "*" always holds."""
    keys = {condition.key}
    if isinstance(rule.compares, Comparison):
        can, must = any(rule.compares.wanted(value) is not None for value in condition.values), False
    else:
        texts = list(_texts(rule, condition, context, has_variables))
        can, must = bool(texts), any(text.always for text in texts)
        if not must:  # else any value matches one of them, whatever the others come to
            keys.update(*(text.unknown for text in texts))
    outcomes = {rule.of_absent}
    if can:
        outcomes.add(not rule.negated)
    if not must:
        outcomes.add(rule.negated)
    return outcomes.pop() if len(outcomes) == 1 else Maybe(frozenset(keys))
