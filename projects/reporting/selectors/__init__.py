"""Reads of reporting: data for pages and API, each in a fixed number of queries."""
