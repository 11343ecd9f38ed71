"""Letters: one plain-text mail to an address, for a section's own address or somebody without an account.

People with accounts are told by notices (`foundation.notices`). A letter is sent from a handler of the outbox, which
reads address and words when it runs: neither lies about in the queue, and a failed one is tried again.
"""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from foundation.text import clean_line, clean_pasted


def send_letter(to: str, subject: str, body: str) -> bool:
    """Send it, with the portal's name before the subject; False where there is no address to send it to."""
    address = clean_line(to)
    if not address:
        return False
    title = clean_line(f"【{settings.SITE_NAME}】{subject}")
    EmailMessage(title, clean_pasted(body), settings.DEFAULT_FROM_EMAIL, [address]).send()
    return True
