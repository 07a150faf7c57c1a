"""What was not taken from a form on the pages of organisations and families, and where the page says so."""

import dataclasses
from collections.abc import Mapping

from hub.account import rules
from hub.account.api import organisations
from hub.core.web import gettext as _

_FIELDS = {
    "ended": "until",
    "too_long": "until",
    "beyond": "until",
    "name": "first_name",
    "organisation_name": "name",
    "born": "born",
}


@dataclasses.dataclass(frozen=True)
class Wrong:
    """A sentence; the form that shows it ("" = the page's top); the field it is about; what was typed."""

    text: str = ""
    form: str = ""
    field: str = ""
    typed: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return 422 if self.text else 200


NOTHING = Wrong()


def of(reason: str, form: str = "", typed: Mapping[str, str] | None = None) -> Wrong:
    """For the reason of a `RefusedError`; one that is about no field stands at the top of the page."""
    named = _FIELDS.get(reason, "")
    return Wrong(sentence(reason), form if named else "", named, typed or {})


def no_mail(form: str, typed: Mapping[str, str]) -> Wrong:
    """This is no mail address."""
    return Wrong(_("Bitte geben Sie eine E-Mail-Adresse ein, zum Beispiel name@beispiel.de."), form, "mail", typed)


def no_day(form: str, name: str, typed: Mapping[str, str]) -> Wrong:
    """This is no day."""
    texts = {"born": _("Bitte prüfen Sie das Datum der Geburt.")}
    return Wrong(texts.get(name, _("Bitte prüfen Sie das Datum.")), form, name, typed)


def sentence(reason: str) -> str:
    """The reason of a `RefusedError` and what to do."""
    known = {
        "not_allowed": _("Das dürfen Sie hier nicht. Fragen Sie, wer die Firma oder den Verein verwaltet."),
        "ended": _("Dieses Datum ist vorbei. Bitte wählen Sie eines in der Zukunft."),
        "too_long": _("Eine Vertretung gilt höchstens ein Jahr. Bitte wählen Sie ein früheres Datum."),
        "beyond": _("Ihre eigene Vertretung endet früher. Bitte wählen Sie ein früheres Datum."),
        "last_owner": _("Jemand muss zuständig bleiben. Geben Sie zuerst einer anderen Person alle Rechte."),
        "gone": _("Diese Einladung gilt nicht mehr."),
        "other_address": _(
            "Diese Einladung ging an eine andere E-Mail-Adresse als die Ihres Kontos. Bitten Sie um eine neue an Ihre "
            "Adresse, oder melden Sie sich mit dem anderen Konto an."
        ),
        "name": _("Bitte geben Sie Vor- und Nachnamen mit je höchstens 60 Zeichen ein."),
        "organisation_name": _(
            "Bitte geben Sie einen Namen mit höchstens %(n)s Zeichen und ohne Internetadresse ein.",
            n=rules.MAX_ORGANISATION_NAME,
        ),
        "too_many": _("Mehr als %(n)s Firmen und Vereine verwaltet hier niemand.", n=organisations.MAX_OWNED),
        "born": _("Bitte prüfen Sie das Datum der Geburt."),
    }
    return known[reason]
