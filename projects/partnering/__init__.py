"""Opportunities and interests. Stands on research, and knows nothing of reporting."""
