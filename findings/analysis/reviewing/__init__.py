"""Access reviews: what is put before a reviewer, whether a revocation came true, and a file of it all that can be verified."""
