"""Users who are people: console passwords, MFA, groups. HM107's and LP103's faults and look-alikes."""

from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted


def person(
    b: Builder, name: str, password: tuple[float, float | None], mfa: str = "virtual", created: float = 500
) -> None:
    b.user(name, created=created, password=password, mfa=mfa, groups=["developers"])


@planted()
def in_order(b: Builder) -> None:
    person(b, "anna.berg", (60, 3))
    b.clear("LP301", "user", "anna.berg", "making keys is scoped to ${aws:username}")


@planted(2, 1)
def without_mfa(b: Builder) -> None:
    person(b, "tomas.novak", (70, 12), mfa="")


@planted(3)
def password_never_used(b: Builder) -> None:
    person(b, "priya.nair", (60, None), created=60)


@planted(3, 1)
def password_not_used_lately(b: Builder) -> None:
    person(b, "jonas.weber", (200, 70))


@planted(3, 2)
def password_used_last_month(b: Builder) -> None:
    person(b, "lea.martin", (80, 40))


@planted(4, 1)
def new_colleague(b: Builder) -> None:
    person(b, "sofia.rossi", (5, None), created=5)


@planted(4, 2)
def password_reset_lately(b: Builder) -> None:
    """An old user whose password was set ten days ago and not used since."""
    person(b, "kenji.ito", (10, None), created=300)


@planted(5, 4)
def administrator_without_mfa(b: Builder) -> None:
    b.user("marcus.reed", created=600, password=(85, 6), groups=["admins"])


@planted(5, 1)
def administrator_with_a_phone(b: Builder) -> None:
    b.user("ines.duarte", created=600, password=(40, 2), mfa="virtual", groups=["admins"])
    b.open("HM108", "user", "ines.duarte", "privileged, and only a virtual MFA device")


@planted(2)
def break_glass(b: Builder) -> None:
    """Stored in a safe with its hardware device, tried in a drill."""
    b.user("break-glass", created=900, password=(88, 30), mfa="hardware", groups=["admins"], path="/emergency/")
    b.clear("HM108", "user", "break-glass", "a hardware MFA device")


@planted(4, 3)
def policy_on_a_user(b: Builder) -> None:
    b.user("oskar.lind", created=350, password=(30, 9), mfa="virtual", attached=["/AmazonS3ReadOnlyAccess"])
