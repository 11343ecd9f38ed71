"""What every endpoint of the API shares: one shape of errors, scoped sets, closed lists of parameters.

An error is always `{"error": {"code", "message", "fields", "request_id"}}`: `code` is stable ASCII, `message` Japanese,
`fields` maps the path of an input (`rows[2].value`) to its sentences. `details` is added where a domain error has
some (both versions of a lost edit).

A view set starts from what the actor may see; whatever else exists is answered exactly as what does not exist. A
query parameter that a view does not declare is refused, since a filter is a read too.

Here are the parts that the settings name; REST framework imports them while it is itself being imported, so nothing
here may import its views. Views take theirs from `foundation.api.views` and `foundation.api.fields`.
"""

from foundation.api.errors import error_body, exception_handler
from foundation.api.pagination import Pagination

__all__ = ["Pagination", "error_body", "exception_handler"]
