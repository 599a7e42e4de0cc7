"""Side by side with peers: every figure is a ratio of medians taken in one run."""
