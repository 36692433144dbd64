"""The organization's trail: CloudTrail's files of the last weeks, in a bucket of the log-archive account.

Nothing is kept beside the population: the files of an account are made from it when they are first asked for, and are the
same each time. What somebody does that the population does not imply is planted as a `Visit`.

    visits      who acted, opened by whom, from where, with what
    ordinary    the visits that the population implies: roles and users in use go about their work
    writing     visits -> CloudTrail's records, of the account of either side
    bucket      records -> objects in the lab's S3
"""
