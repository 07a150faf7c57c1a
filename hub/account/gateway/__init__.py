"""Libraries and files that the account leans on: WebAuthn, password strength, the upstream provider."""
