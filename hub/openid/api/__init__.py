"""Clients, consents, codes and tokens: what the provider's pages and other parts may ask for."""

from hub.openid.api.clients import Client, NewClient, add_client, find_client
from hub.openid.api.connections import (
    LOGOUT_JOB,
    Connection,
    connections,
    disconnect,
    export,
    forget,
    on_sessions_ended,
)
from hub.openid.api.flow import agree, allowed_scopes, issue_code, push, take_pushed
from hub.openid.api.keys import Keys
from hub.openid.api.tokens import Access, CodeUse, refresh, revoke, spend_code, store_tokens, tidy, who

__all__ = [
    "LOGOUT_JOB",
    "Access",
    "Client",
    "CodeUse",
    "Connection",
    "Keys",
    "NewClient",
    "add_client",
    "agree",
    "allowed_scopes",
    "connections",
    "disconnect",
    "export",
    "find_client",
    "forget",
    "issue_code",
    "on_sessions_ended",
    "push",
    "refresh",
    "revoke",
    "spend_code",
    "store_tokens",
    "take_pushed",
    "tidy",
    "who",
]
