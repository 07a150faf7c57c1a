"""Log-in names, mail addresses, and where one may be sent afterwards."""

import re

_SCOPE = re.compile(r"([a-z0-9][a-z0-9_-]{0,62})?")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
MAX_ORGANISATION_NAME = 120  # characters
_LINK = re.compile(r"://|\bwww\.|@|\w\.\w{2,}/", re.IGNORECASE)


def normal_name(name: str) -> str:
    """The form in which names and mail addresses are stored and compared."""
    return name.strip().lower()


def is_mail(name: str) -> bool:
    """True when the log-in name is a mail address."""
    return "@" in name


def name_problem(name: str) -> str | None:
    """A sentence when `name` cannot be a log-in name that is no mail address."""
    if _NAME.fullmatch(name):
        return None
    return "a name has 2 to 40 characters: a-z, 0-9, dot, hyphen, underscore"


def clean_label(text: str, limit: int) -> str:
    """A name that somebody gave: one line, printable characters only, not longer than `limit`."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:limit]


def is_organisation_name(name: str) -> bool:
    """Whether a firm may be called so: the town sends the name in mails, where a link would look like its own."""
    return 0 < len(name) <= MAX_ORGANISATION_NAME and name.isprintable() and not _LINK.search(name)


def is_scope(scope: str) -> bool:
    """True for what a role can be narrowed to: the id of a Kita, a node ... as it stands in addresses; empty = none."""
    return _SCOPE.fullmatch(scope) is not None


def masked_mail(mail: str) -> str:
    """a···e@example.org: enough for its owner, little for others."""
    local, _, domain = mail.rpartition("@")
    if not local:
        return "···"
    return f"{local[0]}···{local[-1] if len(local) > 2 else ''}@{domain}"


def safe_target(target: str) -> str:
    """Where to go after log-in: a path of this site, else the start page (no open redirect)."""
    printable = all(character.isprintable() for character in target)
    if printable and target.startswith("/") and target[1:2] not in ("/", "\\") and "\\" not in target:
        return target
    return "/"
