"""The commands of the ground floor: the audit trail and the table of permissions."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Q

from foundation import audit, guards
from foundation.access import Ground, Rule, rules, system_actor
from foundation.management.commands import permissions
from foundation.models.audit import AuditEntry
from tests.factories.actors import make_organization


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture
def entries(db) -> list[AuditEntry]:
    organization = make_organization()
    return [audit.record(system_actor("test"), f"test.act_{number}", organization) for number in range(2)]


# --- audit ------------------------------------------------------------------------------------------------------------


def test_sealing_tells_how_many_entries_it_sealed(entries):
    assert run("audit", "seal") == "監査記録 2 件に封をしました。\n"
    assert run("audit", "seal") == "監査記録 0 件に封をしました。\n"


def test_a_whole_chain_is_verified_and_what_is_unsealed_is_counted(entries):
    run("audit", "seal")
    audit.record(system_actor("test"), "test.later", make_organization())
    assert "封をした時のまま" in (said := run("audit", "verify"))
    assert "1 件" in said


def test_a_changed_entry_is_found(entries):
    run("audit", "seal")
    with guards.suspended(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE foundation_auditentry DISABLE TRIGGER USER")
        AuditEntry.objects.filter(pk=entries[0].pk).update(reason="書き換え")
    out = StringIO()
    with pytest.raises(CommandError, match="1 か所"):
        call_command("audit", "verify", stdout=out)
    assert "封をした時と違います" in out.getvalue()


# --- permissions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def document(settings, tmp_path):
    """The table in a folder of its own."""
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    return tmp_path / "docs" / "permissions.md"


def test_every_declared_rule_has_its_line_in_order_of_action():
    lines = [line for line in run("permissions").splitlines() if line.startswith("| ") and "`" in line]
    assert [line.split("`")[1] for line in lines] == [rule.action for rule in rules()]


def test_a_line_names_operation_object_grounds_and_exceptions():
    def nothing(actor):
        return Q()

    rule = Rule(
        "x.do",
        AuditEntry,
        "記録を直す",
        (Ground("係", nothing), Ground("係", nothing)),
        (Ground("本人", nothing),),
    )
    assert permissions.render([rule]).endswith("| 記録を直す `x.do` | 監査記録 | 係 | 本人 |\n")


def test_written_table_passes_the_check(document):
    run("permissions", "--write")
    assert "規則のとおり" in run("permissions", "--check")


@pytest.mark.parametrize("text", [None, "古い表"])
def test_missing_or_old_table_fails_the_check(document, text):
    if text is not None:
        document.write_text(text)
    with pytest.raises(CommandError, match="--write"):
        run("permissions", "--check")


def test_the_table_in_the_documents_is_up_to_date():
    assert "規則のとおり" in run("permissions", "--check")
