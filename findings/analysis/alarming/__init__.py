"""Whether somebody is told when CloudTrail records an event of some kind: judged by what filters and rules select of samples.

filters     the pattern of a metric filter (CloudWatch Logs)
patterns    the pattern of a rule (EventBridge)
families    the events that matter for IAM, as CloudTrail writes them
told        which of them nobody is told of, in an account
"""
