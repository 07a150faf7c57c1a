"""The Raspberry Pi's processor: wheels for it, and what they are worth on a Debian of its kind."""
