"""Writes of reporting: rounds, writing, reviewing. Each step is an event beside the report, in one transaction."""
