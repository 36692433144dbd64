"""Continuously monitor IAM activity."""
