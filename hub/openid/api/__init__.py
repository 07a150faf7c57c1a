"""Clients, consents, codes and tokens: what the provider's pages and other parts may ask for."""

from hub.openid.api.clients import Client, NewClient, add_client, find_client
from hub.openid.api.connections import (
    LOGOUT_JOB,
    Connection,
    connections,
    disconnect,
    export,
    forget,
    on_security_changed,
    on_sessions_ended,
)
from hub.openid.api.flow import PUSHED, agree, begin_pushed, consent_of, end_pushed, find_pushed, issue_code, push
from hub.openid.api.keys import Keys
from hub.openid.api.tokens import Access, CodeUse, ScopeError, refresh, revoke, spend_code, store_tokens, tidy, who

__all__ = [
    "LOGOUT_JOB",
    "PUSHED",
    "Access",
    "Client",
    "CodeUse",
    "Connection",
    "Keys",
    "NewClient",
    "ScopeError",
    "add_client",
    "agree",
    "begin_pushed",
    "connections",
    "consent_of",
    "disconnect",
    "end_pushed",
    "export",
    "find_client",
    "find_pushed",
    "forget",
    "issue_code",
    "on_security_changed",
    "on_sessions_ended",
    "push",
    "refresh",
    "revoke",
    "spend_code",
    "store_tokens",
    "tidy",
    "who",
]
