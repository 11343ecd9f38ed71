"""Who acts: sign-in accounts, organisations, people, posts and who holds them."""

from actors.models.organization import Organization
from actors.models.owned import Owned, Signature, owned_models
from actors.models.post import Assignment, Person, Post
from actors.models.user import User

__all__ = ["Assignment", "Organization", "Owned", "Person", "Post", "Signature", "User", "owned_models"]
