"""The audit trail: written with the act, sealed in batches, tampering found."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from foundation import audit, guards
from foundation.access import system_actor
from foundation.models import AuditEntry, AuditSeal
from tests.factories.actors import make_organization

pytestmark = pytest.mark.django_db
ACTOR = system_actor("試験")


def entry(reason: str = "") -> AuditEntry:
    return audit.record(ACTOR, "test.act", make_organization(), after={"name": "新"}, reason=reason)


def test_entry_tells_who_did_what_to_which_object():
    organization = make_organization("う市（架空）")
    made = audit.record(
        ACTOR, "actors.change_organization", organization, before={"name": "旧"}, after={"name": "新"}
    )
    assert (made.actor_label, made.object_label, made.object_id) == (
        "試験",
        "う市（架空）",
        str(organization.public_id),
    )


def test_sealing_chains_every_settled_entry():
    entry()
    entry()
    assert audit.seal() == 2
    entry()
    assert audit.seal() == 1
    assert audit.seal() == 0
    assert audit.verify() == ([], 0)


def test_unsealed_tail_is_counted():
    entry()
    assert audit.verify() == ([], 1)


def rewritten(statement: str, parameters: list[object]) -> None:
    """Change the table behind the guards' back, as somebody with the database's own rights could."""
    with guards.suspended(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE foundation_auditentry DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)


def test_changed_entry_breaks_the_seal():
    made = entry("本当の理由")
    audit.seal()
    rewritten("UPDATE foundation_auditentry SET reason = %s WHERE id = %s", ["別の理由", made.pk])
    assert len(audit.verify()[0]) == 1


def test_removed_entry_breaks_the_seal():
    made = entry()
    entry()
    audit.seal()
    rewritten("DELETE FROM foundation_auditentry WHERE id = %s", [made.pk])
    assert len(audit.verify()[0]) == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("model", [AuditEntry, AuditSeal])
def test_database_itself_refuses_changes(model, statement):
    entry()
    audit.seal()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(model._meta.db_table))


def test_act_that_fails_leaves_no_entry():
    def act():
        entry()
        raise ValueError("halt")

    with pytest.raises(ValueError, match="halt"), transaction.atomic():
        act()
    assert not AuditEntry.objects.exists()
