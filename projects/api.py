"""What the floor offers by API, room by room."""

from projects.research import api as research

ROUTES = [*research.ROUTES]
