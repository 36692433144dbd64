"""What an operator of iamdash itself watches, for Prometheus: docs/operate/metrics.md. Numbers only, and no names of accounts,
principals or operators: an internal port is still a place to leak."""
