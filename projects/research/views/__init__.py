"""Pages of projects: reading them, registering one, and its sections."""
