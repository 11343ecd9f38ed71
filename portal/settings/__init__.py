"""base holds what is the same everywhere; local, production and test say what differs."""
