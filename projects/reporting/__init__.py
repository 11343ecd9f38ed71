"""Rounds, progress reports, their two reviews, and what is compiled from them. Stands on research."""
