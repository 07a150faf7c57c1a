"""What a password must be: long and hard to guess, without rules on its letters (NIST SP 800-63B-4, 3.1.1.2)."""

MIN_PASSWORD = 12  # characters, for a password that a person chose
MAX_PASSWORD = 256  # more would only cost time


def password_problem(password: str, name: str) -> str | None:
    """A sentence when a password that a person chose is too weak at first sight."""
    if len(password) < MIN_PASSWORD:
        return f"a password has at least {MIN_PASSWORD} characters"
    if len(password) > MAX_PASSWORD:
        return f"a password has at most {MAX_PASSWORD} characters"
    own = name.partition("@")[0]
    if len(own) >= 4 and own in password.lower():  # a shorter one stands in many good passwords
        return "a password does not contain the name"
    if len(set(password)) < 5:
        return "a password has at least 5 different characters"
    return None
