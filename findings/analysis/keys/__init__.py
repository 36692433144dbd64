"""What long-term keys are used for: from where, by which tools, on whose computers, and who made them."""
