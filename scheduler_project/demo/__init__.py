"""Jobs to look at: what the platform does when things go well, and when they do not."""
