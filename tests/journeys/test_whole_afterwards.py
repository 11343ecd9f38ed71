"""After every other journey (this file is the last): nothing is lost, nothing differs, nothing was altered."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_every_rolled_up_figure_equals_a_clean_computation(installation, address):
    done = installation.manage("rollup", "verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_audit_log_is_whole(installation, address):
    done = installation.manage("audit", "verify", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_lane_has_given_anything_up(installation, address):
    given_up = installation.python(
        "from foundation.models import Job, Message\n"
        "print(Job.objects.filter(state='failed').count(), Message.objects.filter(dead_at__isnull=False).count())"
    )
    assert given_up.split() == ["0", "0"]
