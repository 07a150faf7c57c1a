"""Notices on a person's devices (web push) that something waits in the inbox."""
