"""Who may see and change visions; what hangs on a vision is seen with it."""

from __future__ import annotations

from actors.access import ADMINISTRATOR
from ecosystems.access import Duty, forum_duty, forum_member, public_rows
from foundation.access import declare
from visions.models import Theme, Vision, VisionVersion

declare(
    "visions.view_vision", Vision, "ビジョンを見る", [public_rows(), forum_member("forum_id"), ADMINISTRATOR]
)
declare(
    "visions.change_vision",
    Vision,
    "ビジョンを変更する",
    [forum_duty("forum_id", Duty.SECRETARIAT), ADMINISTRATOR],
)
for _model, _label in ((VisionVersion, "ビジョンの版"), (Theme, "テーマ")):
    declare(
        f"visions.view_{_model._meta.model_name}",
        _model,
        f"{_label}を見る",
        [
            public_rows("vision__visibility"),
            forum_member("vision__forum_id", "vision__visibility"),
            ADMINISTRATOR,
        ],
    )
