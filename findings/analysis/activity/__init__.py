"""What CloudTrail's events tell: which IAM actions they used, who stood behind a session, and who became whom."""
