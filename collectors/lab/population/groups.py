"""Groups; first of all recipes, since users are put into them."""

from collectors.lab.population import documents
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted

ADMINISTRATOR_ACCESS = "/AdministratorAccess"


@planted()
def groups(b: Builder) -> None:
    """Administrators, developers with self-service, and a group nobody is in."""
    self_service = b.policy("self-service-credentials", documents.SELF_SERVICE)
    b.group("admins", [ADMINISTRATOR_ACCESS])
    b.open("LP201", "group", "admins", "AdministratorAccess attached", "AWS-managed")
    b.group("developers", [self_service.arn], {"read-workloads": documents.DEVELOPER})
    b.group("contractors", ["/job-function/ViewOnlyAccess"])


@planted(3, 1)
def group_without_permissions(b: Builder) -> None:
    """Left over from a reorganization: a member, no policy."""
    group = b.group("mobile-guild")
    group.users.append(b.user("noah.fischer", created=420, password=(80, 4), mfa="virtual", groups=["developers"]))
