"""Create IAM roles with guardrails."""
