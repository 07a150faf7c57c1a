"""What the tills' pages and calls share: the town's articles, the hub's key, sentences for refusals."""

from typing import cast

import flask

from hub.core import web
from hub.core.web import gettext as _
from hub.till import api


def town() -> api.Town:
    """What the tills sell."""
    return api.town_of(web.settings().town_dir)


def signer() -> api.Signer:
    """The hub's key for codes of passes."""
    extensions = flask.current_app.extensions
    if "pass_signer" not in extensions:
        extensions["pass_signer"] = api.Signer.hub(web.settings().secret())
    return cast(api.Signer, extensions["pass_signer"])


def page(template: str, status: int = 200, **values: object) -> flask.Response:
    """A page that no cache keeps."""
    response = flask.make_response(flask.render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def sentence(reason: str) -> str:
    """Why not, and what to do."""
    return _sentences().get(reason) or _("Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.")


def why_open(reason: str) -> str:
    """Why the money for a sale could not be had."""
    known = {
        "funds": _("Das Guthaben reichte nicht."),
        "day_limit": _("Die Tagesgrenze der Geldbörse war erreicht."),
        "limit": _("Das war mehr, als ohne Verbindung auf einen Pass geht."),
        "replay": _("Der Code war schon benutzt."),
        "expired": _("Der Code war abgelaufen."),
        "early": _("Der Code war aus der Zukunft."),
        "revoked": _("Das Handy war vom Pass abgemeldet."),
    }
    return known.get(reason) or _("Der Code war keiner eines Passes.")


def _sentences() -> dict[str, str]:
    return {**_codes(), **_sales(), **_tickets()}


def _codes() -> dict[str, str]:
    return {
        "token": _("Das ist kein Code eines Passes. Bitte noch einmal scannen."),
        "expired": _("Der Code ist abgelaufen. Der Pass zeigt alle 30 Sekunden einen neuen."),
        "early": _("Der Code ist aus der Zukunft. Bitte die Uhr des Handys oder der Kasse prüfen."),
        "replay": _("Dieser Code wurde schon benutzt. Der Pass zeigt gleich einen neuen."),
        "revoked": _("Dieses Handy wurde vom Pass abgemeldet. Bitte einen Ausweis zeigen lassen."),
        "unknown": _("Zu diesem Code gibt es keinen Pass mehr."),
        "pass": _("Bitte zuerst den Pass scannen."),
    }


def _sales() -> dict[str, str]:
    return {
        "article": _("Diesen Artikel gibt es hier nicht mehr. Bitte die Kasse neu laden."),
        "count": _("So viele auf einmal gehen nicht."),
        "price": _("Der Preis hat sich geändert. Bitte die Kasse neu laden."),
        "total": _("Der Betrag ist zu groß oder leer."),
        "key": _("Unter dieser Nummer steht schon ein anderer Verkauf."),
        "funds": _("Das Guthaben reicht nicht. Bitte bar bezahlen oder die Geldbörse aufladen."),
        "day_limit": _("Die Tagesgrenze dieser Geldbörse ist erreicht. Bitte bar bezahlen."),
        "limit": _("Ohne Verbindung geht so viel nicht auf einen Pass. Bitte bar bezahlen."),
        "state": _("Dieser Verkauf lässt sich so nicht mehr ändern."),
        "refunded": _("Davon ist schon etwas erstattet. Erstatten Sie den Rest."),
        "closed": _("Der Tag ist schon abgeschlossen. Bitte erstatten statt stornieren."),
        "amount": _("So viel kann nicht erstattet werden."),
        "nothing": _("Seit dem letzten Abschluss wurde nichts gebucht."),
        "gone": _("Diesen Verkauf gibt es nicht."),
        "signature": _("Die Unterschrift der Kasse passt nicht."),
        "offer": _("Diesen Verkauf kann der Hub nicht lesen."),
        "future": _("Die Uhr der Kasse geht vor."),
        "hours": _("Die Kasse war länger ohne Verbindung, als sie so verkaufen darf. Die Leitstelle weiß es."),
    }


def _tickets() -> dict[str, str]:
    return {
        "none": _("Dieser Pass hat hier keine Karte, die gilt."),
        "not_yet": _("Diese Karte gilt noch nicht."),
        "over": _("Diese Karte gilt nicht mehr."),
        "used_up": _("Auf dieser Karte ist nichts mehr frei, oder sie wurde schon benutzt."),
        "today": _("Öfter geht es heute mit dieser Karte nicht."),
    }
