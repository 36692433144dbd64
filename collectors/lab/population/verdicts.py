"""The lab's own reading of the thresholds: which planned ages are faults and which are near misses."""

from collections.abc import Iterator

Verdict = tuple[str, str, str, str]  # state, code, why, part

UNUSED_DAYS, CREDENTIAL_DAYS, ROTATION_DAYS = 90, 45, 90
NEVER_USED_KEY_DAYS, NEW_KEY_DAYS, TWO_KEYS_DAYS = 7, 7, 14
NEAR_DAYS = 30  # how far under a threshold an age is still worth a "clear" label
MADE_WITH_USER = "made with the user"


def of_role(path: str, created: float, used: float | None, advisor: float | None) -> Iterator[Verdict]:
    """LP101: unused roles."""
    if path.startswith("/aws-reserved/"):
        return  # judged as a permission set
    unused = used is None or used > UNUSED_DAYS
    if path.startswith("/aws-service-role/"):
        if unused and created > UNUSED_DAYS:
            yield "clear", "LP101", "service-linked roles are never reported", ""
    elif unused and created <= UNUSED_DAYS:
        yield "clear", "LP101", "younger than the window", ""
    elif unused and advisor is not None and advisor <= UNUSED_DAYS:
        yield "clear", "LP101", "no RoleLastUsed, but Access Advisor shows use in the window", ""
    elif unused:
        why = "never used, or not within 400 days" if used is None else "last used before the window"
        yield "open", "LP101", why, ""
    elif used is not None and used > UNUSED_DAYS - NEAR_DAYS:
        yield "clear", "LP101", "used inside the window", ""


def of_user(password: tuple[float, float | None] | None, mfa: bool) -> Iterator[Verdict]:
    """HM107 and LP103: console passwords."""
    if password is None:
        if not mfa:
            yield "clear", "HM107", "no console password", ""
        return
    if mfa:
        yield "clear", "HM107", "has an MFA device", ""
    else:
        yield "open", "HM107", "console password and no MFA device", ""
    changed, used = password
    if used is None:
        state = "open" if changed > CREDENTIAL_DAYS else "clear"
        why = "never used and older than the window" if state == "open" else "never used, but set recently"
        yield state, "LP103", why, ""
    elif used > CREDENTIAL_DAYS:
        yield "open", "LP103", "not used in the window", ""
    elif used > CREDENTIAL_DAYS - NEAR_DAYS:
        yield "clear", "LP103", "used inside the window", ""


def of_key(age: float, used: float | None, active: bool, with_user: bool) -> Iterator[Verdict]:
    """KY102, KY103, KY104, KY106, KY115. A never-used key is KY104's, not KY103's."""
    part = MADE_WITH_USER if with_user else ""
    if not active:
        yield "open", "KY106", "inactive and kept", ""
        for code in ("KY102", "KY103", "KY104"):
            yield "clear", code, "inactive", ""
        return
    if age > ROTATION_DAYS:
        yield "open", "KY102", "older than 90 days", ""
    elif age > ROTATION_DAYS - NEAR_DAYS:
        yield "clear", "KY102", "not yet 90 days old", ""
    if age <= NEW_KEY_DAYS:
        yield "open", "KY115", "made in the last 7 days", ""
    if used is None:
        state = "open" if age > NEVER_USED_KEY_DAYS else "clear"
        yield state, "KY104", "never used" if state == "open" else "never used, but new", part
        yield "clear", "KY103", "never used: KY104 stands for it", ""
        return
    yield "clear", "KY104", "was used", part
    if used > CREDENTIAL_DAYS:
        yield "open", "KY103", "not used in 45 days", ""
    elif used > CREDENTIAL_DAYS - NEAR_DAYS:
        yield "clear", "KY103", "used inside the window", ""


def of_use(created: float, used: float | None, *, others: bool) -> Iterator[Verdict]:
    """LP102 from a user's age and the last use of his password and keys. others: he has a credential of which nobody tells
    when it was used."""
    if used is not None and used <= UNUSED_DAYS:
        if used > UNUSED_DAYS - NEAR_DAYS:
            yield "clear", "LP102", "used inside the window", ""
    elif created <= UNUSED_DAYS:
        yield "clear", "LP102", "younger than the window", ""
    elif others:
        yield "unknown", "LP102", "no password or key use in the window, but another credential", ""
    else:
        yield "open", "LP102", "no password or key use in the window", ""


def of_services(created: float, used: float | None) -> Iterator[Verdict]:
    """LP104 of a user: what he may use and did not, since he used nothing."""
    if created > UNUSED_DAYS and (used is None or used > UNUSED_DAYS):
        yield "open", "LP104", "nothing of what he may use was used in the window", ""


def of_two_keys(ages: list[float]) -> Iterator[Verdict]:
    """KY105 from the ages of a user's active keys."""
    if len(ages) == 2:
        if min(ages) > TWO_KEYS_DAYS:
            yield "open", "KY105", "two active keys, both older than a rotation takes", ""
        else:
            yield "clear", "KY105", "two active keys during a rotation", ""
