"""The sample: one fictitious forum with a history of several years, and public record beside it.

The data lie in `data/` as tables; the modules here read them into the portal through its own services, with the
dates of the story. People who sign in are listed in `signins`.
"""
