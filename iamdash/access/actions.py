"""What the audit log calls what was done. A route's own name stands for what has no word here (audit._unsaid)."""

from __future__ import annotations

LABELS = {
    "sign-in": "Signed in",
    "sign-in-failed": "Failed to sign in",
    "sign-in-refused": "Was refused by single sign-on",
    "sign-in-confirm": "Confirmed who they are",
    "second-factor-failed": "Failed the second factor",
    "sign-out": "Signed out",
    "password-changed": "Changed the password",
    "authenticator-added": "Added a second factor",
    "authenticator-removed": "Removed a second factor",
    "recovery-codes-made": "Made new recovery codes",
    "sso-linked": "Was linked to single sign-on",
    "session-ended": "Ended sessions",
    "operator-made": "Made an operator",
    "operator-changed": "Changed an operator",
    "operator-mfa-reset": "Removed an operator's second factors",
    "operator-password-reset": "Set an operator's password",
    "token-made": "Made an API token",
    "token-ended": "Ended an API token",
    "token-used": "Read by an API token",
    "exported": "Exported a list",
    "policy-read": "Read a policy document",
    "organization-disconnected": "Disconnected an organization",
    "organization-reconnected": "Connected an organization again",
    "config-applied": "Applied settings as code",
    "config-exported": "Exported settings as code",
}


def label(action: str) -> str:
    """Routes read as their words: "findings-exception-end" -> "Findings exception end"."""
    return LABELS.get(action) or action.replace("-", " ").capitalize()
