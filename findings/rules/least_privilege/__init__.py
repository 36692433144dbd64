"""Eliminate unused services and resources from IAM policies."""
