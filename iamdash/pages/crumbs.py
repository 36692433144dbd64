"""Where a page is: the pages above it, by its route. Pages of things name what they belong to themselves, in their templates."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest

from iamdash.pages import show

Above = tuple[tuple[str, str], ...]  # (what it is called, its route), from the top down

ACCOUNTS: Above = (("Accounts", "accounts"),)
ACTIVITY: Above = (("Activity", "activity"),)
NETWORKS: Above = (("Networks", "networks"),)
SETTINGS: Above = (("Settings", "settings"),)
GROUPS: Above = (*ACCOUNTS, ("Groups", "accounts-groups"))
OWNERS: Above = (*ACCOUNTS, ("Owners", "accounts-owners"))
ORGANIZATIONS: Above = (*ACCOUNTS, ("Organizations", "accounts-organizations"))
ALERTS: Above = (*SETTINGS, ("Alerts", "settings-alerts"))
DELIVERIES: Above = (*ALERTS, ("Delivery log", "settings-deliveries"))
TOKENS: Above = (*SETTINGS, ("API tokens", "settings-tokens"))
OPERATORS: Above = (*SETTINGS, ("Operators", "settings-operators"))
VIEWS: Above = (*SETTINGS, ("Saved views", "settings-views"))

ABOVE: Mapping[str, Above] = {
    **dict.fromkeys(("account", "account-add", "account-start"), ACCOUNTS),
    **dict.fromkeys(("accounts-groups", "accounts-owners", "accounts-organizations"), ACCOUNTS),
    **dict.fromkeys(("accounts-group", "accounts-group-add"), GROUPS),
    "accounts-owner-add": OWNERS,
    **dict.fromkeys(
        (
            "accounts-organization",
            "accounts-organization-connect",
            "accounts-organization-change",
            "accounts-organization-templates",
            "accounts-organization-disconnect",
        ),
        ORGANIZATIONS,
    ),
    **dict.fromkeys(
        (
            "activity-did",
            "activity-days",
            "activity-resources",
            "activity-buckets",
            "activity-trails",
            "activity-recorded",
            "activity-changes",
        ),
        ACTIVITY,
    ),
    **dict.fromkeys(("network-add", "networks-aws"), NETWORKS),
    **dict.fromkeys(("principals-kinds", "principals-kinds-undo"), (("Principals", "principals"),)),
    "reviews-add": (("Reviews", "reviews"),),
    "trends-report": (("Trends", "trends"),),
    "run": (("Runs", "runs"),),
    **dict.fromkeys(("rules-accounts", "rules-unknown"), (("Rules", "rules"),)),
    "rules-framework-report": (("Rules", "rules"), ("Frameworks", "rules-frameworks")),
    **dict.fromkeys(
        (
            "settings-alerts",
            "settings-api",
            "settings-audit",
            "settings-decide",
            "settings-operators",
            "settings-profile",
            "settings-status",
            "settings-tokens",
            "settings-views",
        ),
        SETTINGS,
    ),
    **dict.fromkeys(
        (
            "settings-alert-rule-add",
            "settings-digest-add",
            "settings-channel-add",
            "settings-channel",
            "settings-channel-lead",
            "settings-deliveries",
        ),
        ALERTS,
    ),
    "settings-delivery": DELIVERIES,
    "settings-token-add": TOKENS,
    **dict.fromkeys(("settings-operator", "settings-operator-add"), OPERATORS),
    **dict.fromkeys(("settings-view", "settings-view-add"), VIEWS),
}


def above(request: HttpRequest) -> list[tuple[str, str]]:
    """Names and addresses, with the account of the frame; nothing for a page of the navigation."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    return [(label, show.address(request, view)) for label, view in ABOVE.get(here or "", ())]
