"""Writing opportunities and interests: posting, applying, answering."""
