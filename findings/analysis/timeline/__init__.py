"""What changed, when, by whom: our own collections, Config and CloudTrail as witnesses of the same moments. Plain Python.

model        the witnesses, and what they make together
causes       which calls can have made which differences
merge        the witnesses of one entity -> its moments
deploys      moments of many entities that one caller made in a few minutes -> one change
differences  two states of an entity -> what is said of them
effects      policies before and after -> what may be done now and could not be, and no longer
"""
