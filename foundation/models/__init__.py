"""Tables of the ground floor. Users are known here by id only: `actors` is a floor above."""

from foundation.models.audit import AuditEntry, AuditSeal
from foundation.models.base import PublicModel, StateEvent
from foundation.models.exports import Export
from foundation.models.files import Attachment, StoredFile
from foundation.models.idempotency import IdempotencyKey
from foundation.models.jobs import Job
from foundation.models.notices import Notice
from foundation.models.outbox import Message

__all__ = [
    "Attachment",
    "AuditEntry",
    "AuditSeal",
    "Export",
    "IdempotencyKey",
    "Job",
    "Message",
    "Notice",
    "PublicModel",
    "StateEvent",
    "StoredFile",
]
