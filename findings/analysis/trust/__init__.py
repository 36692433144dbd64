"""Who may assume the roles of an account: what their trust policies say, and what follows from it."""
