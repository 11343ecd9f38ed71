"""Places on the pages of organisations that upper apps fill."""

from foundation import slots

MEMBERSHIPS = "actors.organization.memberships"
PROJECTS = "actors.organization.projects"

slots.declare(MEMBERSHIPS, "機関のページの「参加している場」: name, url, role, sector, since, until")
slots.declare(PROJECTS, "機関のページの「関わっているプロジェクト」: name, url, role, state")
