"""Words of the tills' pages."""

from hub.core.web import gettext as _


def way(name: str) -> str:
    """How something was paid."""
    return {"cash": _("Bar"), "wallet": _("Pass"), "open": _("Offen")}.get(name, name)


def state(name: str) -> str:
    """How a sale stands."""
    known = {
        "paid": _("Bezahlt"),
        "open": _("Noch offen"),
        "cancelled": _("Storniert"),
        "waived": _("Abgeschrieben"),
    }
    return known.get(name, name)


def kind(name: str) -> str:
    """What a line of the book is."""
    known = {
        "sale": _("Verkauf"),
        "cancel": _("Storno"),
        "refund": _("Erstattung"),
        "claim": _("Offener Verkauf"),
        "settled": _("Nachträglich bezahlt"),
        "waiver": _("Abgeschrieben"),
    }
    return known.get(name, name)


def csv_head() -> list[str]:
    """The heading of a closing's table."""
    return [_("Kasse"), _("Abschluss"), _("Zeit"), _("Weg"), _("Steuersatz"), _("Brutto"), _("Netto"), _("Steuer")]


def day_head() -> list[str]:
    """The heading of a day's table."""
    names = [_("Tag"), _("Betrieb der Kasse"), _("Steuersatz in Prozent"), _("Weg")]
    return [*names, _("Brutto in Euro"), _("Netto in Euro"), _("Steuer in Euro")]


def amount(cents: int) -> str:
    """An amount for spreadsheets: 1234,56."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02d}"


def of_the_till() -> dict[str, str]:
    """What the till's script says."""
    return {
        "total": _("Summe"),
        "free": _("kostenlos"),
        "price": _("Preis in Euro"),
        "assumed": _("angenommen"),
        "less": _("Eins weniger"),
        "more": _("Eins mehr"),
        "empty": _("Noch nichts gewählt."),
        "online": _("Verbunden"),
        "offline": _("Ohne Verbindung"),
        "notSetUp": _("Nicht eingerichtet"),
        "waiting": _("%(n)s Verkäufe warten", n="{n}"),
        "waitingOne": _("1 Verkauf wartet"),
        "sold": _("Verkauft: %(sum)s, %(way)s", sum="{sum}", way="{way}"),
        "cash": _("Bar"),
        "wallet": _("Pass"),
        "kept": _("Ohne Verbindung verkauft. Die Kasse sendet es später."),
        "change": _("Rückgeld: %(sum)s", sum="{sum}"),
        "missing": _("Es fehlen %(sum)s", sum="{sum}"),
        "receipt": _("Beleg"),
        "cancel": _("Stornieren"),
        "refund": _("Erstatten"),
        "refundHow": _("Betrag, der zurückgeht, in Euro"),
        "give": _("Zurückgeben"),
        "keep": _("Behalten"),
        "enter": _("Einlassen"),
        "entered": _("Eingelassen: %(title)s", title="{title}"),
        "left": _("noch %(n)s", n="{n}"),
        "endless": _("beliebig oft"),
        "until": _("gilt bis %(day)s", day="{day}"),
        "noTickets": _("Keine Karten für hier."),
        "tickets": _("Karten"),
        "guest": _("Pass von %(name)s", name="{name}"),
        "guestAlone": _("Pass geprüft, ohne Verbindung"),
        "parkingDone": _("Parkgebühr %(site)s: %(sum)s gehen zurück.", site="{site}", sum="{sum}"),
        "parkingLater": _("Parkgebühr %(site)s geht nach der Abfahrt zurück.", site="{site}"),
        "parkingKnown": _("Parkgebühr %(site)s ist schon erstattet.", site="{site}"),
        "parkingNone": _("Kein Parkvorgang, für den es Geld zurückgibt."),
        "closed": _("Abschluss %(n)s: %(sum)s", n="{n}", sum="{sum}"),
        "token": _("Das ist kein Code eines Passes. Bitte noch einmal scannen."),
        "expired": _("Der Code ist abgelaufen. Der Pass zeigt alle 30 Sekunden einen neuen."),
        "early": _("Der Code ist aus der Zukunft. Bitte die Uhr des Handys oder der Kasse prüfen."),
        "replay": _("Dieser Code wurde schon benutzt. Der Pass zeigt gleich einen neuen."),
        "unknown": _("Dieses Handy kennt die Kasse noch nicht. Bitte bar bezahlen."),
        "limit": _("Ohne Verbindung geht so viel nicht auf einen Pass. Bitte bar bezahlen."),
        "old": _("Die Kasse war zu lange ohne Verbindung. Bitte bar bezahlen."),
        "elsewhere": _("Diese Kasse wurde auf einem anderen Gerät eingerichtet. Hier verkauft sie nur mit Verbindung."),
        "ticketAlone": _("Karten gibt es nur mit Verbindung."),
        "needsPass": _("Bitte zuerst den Pass scannen."),
        "blocked": _("Diese Kasse ist gesperrt."),
        "wrongKey": _("Dieser Schlüssel öffnet keine Kasse."),
        "otherTill": _("Dieser Schlüssel gehört zur Kasse %(name)s.", name="{name}"),
        "failed": _("Das hat nicht geklappt. Bitte versuchen Sie es noch einmal."),
        "refusedOffer": _("Nicht angenommen: Verkauf %(n)s. %(said)s", n="{n}", said="{text}"),
        "lateOffer": _("Gebucht: Verkauf %(n)s. %(said)s", n="{n}", said="{text}"),
        "openOffer": _("Offen geblieben: Verkauf %(n)s. %(said)s", n="{n}", said="{text}"),
        "cameraOff": _("Kamera schließen"),
        "noCamera": _("Die Kamera geht hier nicht. Nehmen Sie einen Scanner oder tippen Sie den Code."),
        "amount": _("Bitte prüfen Sie den Betrag."),
        "openState": _("Noch offen"),
        "cancelledState": _("Storniert"),
        "refundedState": _("erstattet %(sum)s", sum="{sum}"),
        "sure": _("Wirklich stornieren?"),
        "sureClose": _("Wirklich abschließen?"),
    }
