"""SCPs that nobody would miss: for each OU, what can be denied after ninety days of use without blocking any of it."""
