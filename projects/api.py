"""What the floor offers by API, room by room."""

from projects.partnering import api as partnering
from projects.reporting import api as reports
from projects.reporting import api_compiled as compiled
from projects.reporting import api_rounds as rounds
from projects.research import api as research

ROUTES = [
    *research.ROUTES,
    *rounds.ROUTES,
    *reports.ROUTES,
    *compiled.ROUTES,
    *partnering.ROUTES,
]
