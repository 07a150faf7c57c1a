"""The rights of a person: seeing everything that is stored about them, and having it deleted (GDPR, chapter III)."""
