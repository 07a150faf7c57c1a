"""The pages of the inbox: the person's mailbox, the citizens' office, and the demonstration's post office."""

from hub.inbox.web import mailbox, office, postoffice
from hub.inbox.web.mailbox import unread
from hub.inbox.web.office import unread as office_unread

blueprints = (mailbox.blueprint, office.blueprint)
demo_blueprint = postoffice.blueprint

__all__ = ["blueprints", "demo_blueprint", "office_unread", "unread"]
