"""Prevent humans from using machine roles."""
