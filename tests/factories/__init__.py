"""Minimum valid objects. Nothing here is random that a test asserts on."""
