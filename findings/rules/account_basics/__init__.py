"""Account basics."""
