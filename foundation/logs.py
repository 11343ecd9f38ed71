"""Every log line carries the id of the request or task it belongs to."""

import logging

from foundation.context import request_id


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get() or "-"
        return True
