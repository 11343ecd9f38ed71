"""Who acts: sign-in accounts, organisations, people, posts and who holds them; the communities they form."""

from actors.models.community import Community, CommunityMember
from actors.models.organization import Organization
from actors.models.owned import Owned, Signature, owned_models
from actors.models.post import Assignment, Person, Post
from actors.models.user import User

__all__ = [
    "Assignment",
    "Community",
    "CommunityMember",
    "Organization",
    "Owned",
    "Person",
    "Post",
    "Signature",
    "User",
    "owned_models",
]
