"""Frameworks are views over rules: what a published catalogue asks, how it stands in each account, and by what evidence."""

from findings.frameworks.catalogue import Answer, Control, Framework, frameworks
from findings.frameworks.states import State

__all__ = ["Answer", "Control", "Framework", "State", "frameworks"]
