"""The audit log in words: every action, whom it names, what stands in its details."""

from collections.abc import Mapping

from hub.core.web import gettext as _
from hub.operations import rules


def actions() -> Mapping[str, str]:
    """action -> what happened; a test asks that no action of the code is missing."""
    return {**_account(), **_services(), **_technology(), **_letters(), **_operations()}


def kinds() -> Mapping[str, str]:
    """kind of job -> what it is for; a test asks that no kind of the hub is missing."""
    return {
        "tidy jobs": _("Alte Aufträge löschen"),
        "retention": _("Daten nach ihrer Frist löschen"),
        "remove files": _("Dateien löschen"),
        "sweep files": _("Verwaiste Dateien löschen"),
        "mail": _("E-Mails verschicken"),
        "inbox digest": _("Tägliche E-Mail zum Postfach"),
        "tidy inbox": _("Alte Nachrichten löschen"),
        "openid logout": _("Verbundene Dienste abmelden"),
        "push": _("Hinweise an Geräte senden"),
        "parkapi push": _("Parkdaten an Partner melden"),
        "ask for a payment": _("Zahlungen abfragen"),
        "refund a payment": _("Geld zurückzahlen"),
        "write a receipt": _("Quittungen schreiben"),
        "give a parking fee back": _("Parkgebühr erstatten"),
    }


def _account() -> dict[str, str]:
    return {
        "account.login": _("Angemeldet"),
        "account.registered": _("Konto angelegt"),
        "account.closed": _("Konto gesperrt"),
        "account.erased": _("Konto gelöscht"),
        "account.session-ended": _("Ein Gerät abgemeldet"),
        "account.password-set": _("Passwort gesetzt"),
        "account.password-removed": _("Passwort entfernt"),
        "account.mail-changed": _("E-Mail-Adresse geändert"),
        "account.app-set": _("App eingerichtet"),
        "account.app-removed": _("App entfernt"),
        "account.passkey-added": _("Passkey angelegt"),
        "account.passkey-removed": _("Passkey entfernt"),
        "account.recovery-codes-made": _("Neue Notfallcodes"),
        "account.recovery-code-used": _("Notfallcode benutzt"),
        "account.recovery-code-given": _("Bürgerbüro gab einen Code aus"),
        "account.recovered": _("Zugang wiederhergestellt"),
        "account.identified": _("Im Bürgerbüro ausgewiesen"),
        "account.identity-linked": _("BundID verbunden"),
        "account.identity-unlinked": _("BundID getrennt"),
        "account.role-given": _("Eine Rolle bekommen"),
        "account.role-taken": _("Eine Rolle verloren"),
        "account.acting-for": _("Handelt jetzt für andere"),
        "account.organisation-created": _("Firma oder Verein angelegt"),
        "account.organisation-joined": _("Einer Firma oder einem Verein beigetreten"),
        "account.organisation-closed": _("Firma oder Verein aufgelöst"),
        "account.member-invited": _("Jemanden eingeladen"),
        "account.invitation-withdrawn": _("Einladung zurückgenommen"),
        "account.membership-changed": _("Rechte in einer Firma oder einem Verein geändert"),
        "account.membership-ended": _("Eine Mitgliedschaft endete"),
        "account.child-added": _("Kind eingetragen"),
        "account.child-shared": _("Ein Elternteil eingeladen"),
        "account.child-joined": _("Als Elternteil eingetragen"),
        "account.child-left": _("Nicht mehr als Elternteil eingetragen"),
        "privacy.exported": _("Eigene Daten heruntergeladen"),
    }


def _services() -> dict[str, str]:
    return {
        "openid.client-added": _("Dienst eingerichtet"),
        "openid.consent": _("Einem Dienst zugestimmt"),
        "openid.disconnect": _("Zustimmung widerrufen"),
        "openid.code-reused": _("Ein Anmeldecode wurde zweimal benutzt, alles daraus beendet"),
        "openid.refresh-reused": _("Ein Erneuerungscode wurde zweimal benutzt, alles daraus beendet"),
    }


def _technology() -> dict[str, str]:
    return {
        "fleet.commanded": _("Befehl an einen Knoten"),
        "fleet.configured": _("Konfiguration eines Knotens geändert"),
        "fleet.config-returned": _("Ältere Konfiguration eines Knotens zurückgeholt"),
        "fleet.device-blocked": _("Gerät im WLAN für einen Tag gesperrt"),
        "fleet.device-unblocked": _("Gesperrtes Gerät freigegeben"),
        "fleet.ring-set": _("Update-Gruppe eines Knotens geändert"),
        "fleet.code-made": _("Code für einen Knoten ausgegeben"),
        "fleet.enrolled": _("Knoten aufgenommen"),
        "fleet.renewed": _("Zertifikat erneuert"),
        "fleet.revoked": _("Zertifikate gesperrt"),
        "fleet.rollout-started": _("Verteilung einer Fassung begonnen"),
        "fleet.rollout-paused": _("Verteilung angehalten"),
        "fleet.rollout-resumed": _("Verteilung fortgesetzt"),
        "fleet.rollout-stopped": _("Verteilung beendet"),
        "fleet.update-started": _("Update eines Knotens begonnen"),
        "fleet.update-stopped": _("Update eines Knotens abgebrochen"),
        "fleet.rollout-skipped": _("Knoten in einer Verteilung beiseitegelegt"),
        "fleet.firmware-offered": _("Firmware für Funksensoren angeboten"),
        "fleet.pairs-issued": _("Zertifikate für Broker und Hub ausgestellt"),
        "radio.device-added": _("Funksensor eingetragen"),
        "radio.device-removed": _("Funksensor entfernt"),
        "radio.decoder-added": _("Decoder eingetragen"),
    }


def _letters() -> dict[str, str]:
    return {
        "inbox.written": _("Brief des Bürgerbüros"),
        "inbox.answered": _("Antwort des Bürgerbüros"),
        "inbox.opened": _("Gespräch geöffnet"),
        "inbox.file-opened": _("Datei geöffnet"),
        "inbox.closed": _("Gespräch abgeschlossen"),
    }


def _operations() -> dict[str, str]:
    return {
        "parking.checked": _("Kennzeichen geprüft"),
        "parking.permit-added": _("Parkausweis eingetragen"),
        "parking.permit-ended": _("Parkausweis beendet"),
        "parking.permits-imported": _("Parkausweise übernommen"),
        "parking.camera-added": _("Kamera eingetragen"),
        "parking.camera-ended": _("Kamera entfernt"),
        "payments.entry-assigned": _("Kontoeingang zugeordnet"),
        "payments.repayment-asked": _("Unklares Geld soll zurückgehen"),
        "payments.repayment-withdrawn": _("Rückzahlung zurückgezogen"),
        "payments.repayments-exported": _("Datei mit Rückzahlungen geholt"),
        "till.added": _("Kasse eingerichtet"),
        "till.sold-too-late": _("Kasse verkaufte zu lange ohne Verbindung"),
        "till.ended": _("Kasse gesperrt"),
        "till.claim-waived": _("Offenen Verkauf abgeschrieben"),
        "jobs.retried": _("Auftrag noch einmal versucht"),
        "jobs.paused": _("Aufträge angehalten"),
        "jobs.resumed": _("Aufträge fortgesetzt"),
        "tasks.taken": _("Aufgabe übernommen"),
        "tasks.given-back": _("Aufgabe zurückgegeben"),
        "tasks.retried": _("Aufgabe noch einmal versucht"),
        "tasks.done": _("Aufgabe erledigt"),
        "audit.checked": _("Protokoll geprüft"),
        "audit.exported": _("Protokoll heruntergeladen"),
    }


def areas() -> Mapping[str, str]:
    """The first word of an action -> its heading in a list of actions."""
    return {
        "account": _("Konten"),
        "privacy": _("Eigene Daten"),
        "openid": _("Verbundene Dienste"),
        "inbox": _("Postfach"),
        "fleet": _("Knoten"),
        "radio": _("Funksensoren"),
        "parking": _("Parken"),
        "payments": _("Zahlungen"),
        "till": _("Kassen"),
        "jobs": _("Aufträge"),
        "tasks": _("Aufgaben"),
        "audit": _("Protokoll"),
    }


def things() -> Mapping[str, str]:
    """What an entry names, without its number or id."""
    return {
        rules.PERSON: _("Konto"),
        rules.ORGANISATION: _("Firma oder Verein"),
        rules.CHILD: _("Kind"),
        rules.CLIENT: _("Dienst"),
        rules.NODE: _("Knoten"),
        rules.JOB: _("Auftrag"),
        rules.TASK: _("Aufgabe"),
        rules.DEVICE: _("Funksensor"),
        rules.DECODER: _("Decoder"),
        "site": _("Parkplatz"),
        "thread": _("Gespräch"),
        "permit": _("Parkausweis"),
        "permits": _("Parkausweise"),
        "camera": _("Kamera"),
        rules.TILL: _("Kasse"),
        "payment": _("Zahlung"),
        "repayment": _("Rückzahlung"),
        "repayments": _("Rückzahlungen"),
        "jobs": _("Aufträge"),
        "tasks": _("Aufgaben"),
        "audit": _("Protokoll"),
        "authority": _("Zertifizierungsstelle"),
        "rollout": _("Verteilung"),
        "cli": _("Kommandozeile"),
    }


def details() -> Mapping[str, str]:
    """What stands in an entry's details."""
    return {
        "action": _("Vorgang"),
        "actor": _("Wer"),
        "bay": _("Stellplatz"),
        "cents": _("Cent"),
        "command": _("Befehl"),
        "count": _("Anzahl"),
        "decoder": _("Decoder"),
        "entries": _("Einträge"),
        "first_bad": _("erster falscher Eintrag"),
        "format": _("Format"),
        "head": _("neuester Hash"),
        "hours": _("Stunden"),
        "job": _("Auftrag"),
        "kind": _("Art"),
        "result": _("Ergebnis"),
        "number": _("Nummer"),
        "of_version": _("wie Version"),
        "operation": _("Betrieb"),
        "ring": _("Update-Gruppe"),
        "role": _("Rolle"),
        "scope": _("nur für"),
        "serial": _("Seriennummer"),
        "subject": _("Betrifft"),
        "typed": _("Konto von Hand eingegeben"),
        "version": _("Version"),
    }
