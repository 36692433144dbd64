"""What leaves the installation by itself: alerts and digests to Slack, webhooks and e-mail."""
