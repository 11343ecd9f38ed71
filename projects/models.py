"""All models of the floor, in one place for Django; they stand in their rooms."""

from projects.research.models import Participation, Project

__all__ = ["Participation", "Project"]
