"""Places on the pages of organisations that upper apps fill."""

from foundation import slots

MEMBERSHIPS = "actors.organization.memberships"
PROJECTS = "actors.organization.projects"

TIES = "actors.community.ties"

slots.declare(MEMBERSHIPS, "機関のページの「参加している場」: name, url, role, sector, since, until")
slots.declare(PROJECTS, "機関のページの「関わっているプロジェクト」: name, url, role, state")
slots.declare(
    TIES,
    "コミュニティの機関どうしのつながり（対の一方の鍵に一度だけ）: other, kind, name, url, since, until, is_past, is_work",
)
