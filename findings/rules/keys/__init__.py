"""Short lived IAM keys, if at all."""
