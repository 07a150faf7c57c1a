"""Everything that can be set, read from the environment (prefix HUB_) in this one place."""

import contextlib
import os
import secrets
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SCHEMES = {
    "database_url": ("sqlite", "postgresql+psycopg"),
    "broker_url": ("embedded", "mqtt", "mqtts"),
    "timeseries_url": ("sql", "influxdb", "influxdbs", "victoriametrics", "victoriametrics+https"),
    "public_url": ("http", "https"),
    "node_broker_url": ("mqtt", "mqtts"),
    "smtp_url": ("smtp", "smtps"),
    "alert_webhook": ("http", "https"),
    "clamd_url": ("clamd", "unix"),
    "bundid_issuer": ("http", "https"),
    "push_contact": ("mailto",),
    "parkapi_push_url": ("http", "https"),
    "payment_sandbox_url": ("http", "https"),
    "xbezahldienste_url": ("https", "http"),
    "xbezahldienste_token_url": ("https", "http"),
}
_KEY_BYTES = 32
_TOWNS = Path(__file__).parent / "data"


class Settings(BaseSettings):
    """The hub's settings; a wrong one stops the start with one line that names it."""

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True)

    state_dir: Path = Field(
        default=Path("/var/lib/stadtknoten"), description="Directory for the database, keys and node states"
    )
    database_url: str = Field(
        default="", description="sqlite:///file or postgresql+psycopg://…; empty: hub.db in the state directory"
    )
    broker_url: str = Field(
        default="embedded://127.0.0.1:1883",
        description="embedded://host:port, mqtt:// or mqtts://[user:password@]host:port",
    )
    broker_ca_file: Path | None = Field(default=None, description="Certificate authority of an mqtts:// broker")
    broker_cert_file: Path | None = Field(
        default=None, description="The hub's client certificate for an mqtts:// broker"
    )
    broker_key_file: Path | None = Field(default=None, description="Key of that certificate")
    timeseries_url: str = Field(
        default="sql://", description="sql://, influxdb://token@host:port/org/bucket or victoriametrics://host:port"
    )
    keep_messages_days: int = Field(default=90, ge=1, description="Days that messages of nodes are kept as they came")
    keep_readings_days: int = Field(default=400, ge=10, description="Days that changes of bays are kept")
    keep_hours_days: int = Field(default=1830, ge=10, description="Days that hourly sums of car parks are kept")
    keep_jobs_days: int = Field(default=14, ge=1, description="Days that finished jobs are kept")
    public_url: str = Field(default="http://localhost:8080", description="Address that people type")
    host: str = Field(default="127.0.0.1", description="Address that the web and live servers listen on")
    port: int = Field(default=8080, ge=1, le=65535, description="Port of the web server")
    live_port: int = Field(default=8082, ge=1, le=65535, description="Port of the live server (SSE)")
    live_url: str = Field(
        default="", description="Public address of the live server; empty: same host as the request, live port"
    )
    secret_file: Path | None = Field(
        default=None, description="File (0600) with the key that signs forms; made at the first start"
    )
    grant_key_file: Path | None = Field(
        default=None, description="File (0600) with the key that signs grants for nodes; made at the first start"
    )
    push_key_file: Path | None = Field(
        default=None,
        description="File (0600) with the key that names the hub to push services; made at the first start",
    )
    push_contact: str = Field(
        default="", description="mailto: address for the operators of push services; empty: the sender of mails"
    )
    push_hosts: str = Field(
        default="fcm.googleapis.com,.push.services.mozilla.com,.push.apple.com,.notify.windows.com",
        description="Push services that notices may go to, with commas; .name means everything below it",
    )
    ca_dir: Path | None = Field(default=None, description="Directory of the town's own certificate authority")
    node_broker_url: str = Field(
        default="mqtts://localhost:8883", description="Broker address that nodes are told when they are enrolled"
    )
    releases_dir: Path | None = Field(default=None, description="Directory of the signed releases that nodes fetch")
    release_key_file: Path | None = Field(
        default=None, description="Public key (PEM, Ed25519) that signed releases must fit; empty: release.pub there"
    )
    smtp_url: str = Field(default="", description="smtp://host:port or smtps://user:password@host:port")
    mail_from: str = Field(default="stadtknoten@localhost", description="Sender of the hub's mails")
    alert_mail: str = Field(default="", description="Address that hears of alerts")
    alert_webhook: str = Field(default="", description="https address that is told alerts as JSON")
    parkapi_push_url: str = Field(
        default="",
        description="https://user:password@host/path of an aggregator that is told the car parks (ParkAPI v3)",
    )
    parkapi_push_password_file: Path | None = Field(
        default=None, description="File (0600) with the password for it, when it shall not stand in the address"
    )
    breached_passwords_dir: Path | None = Field(
        default=None, description="Directory of stolen passwords' SHA-1 range files (ABCDE or ABCDE.txt)"
    )
    files_dir: Path | None = Field(default=None, description="Directory of people's files, encrypted")
    files_key_file: Path | None = Field(
        default=None, description="File (0600) with the key of people's files; made at the first start"
    )
    upload_mb: int = Field(default=10, ge=1, le=100, description="Megabytes that one uploaded file may have")
    clamd_url: str = Field(default="", description="clamd://host:port or unix:///path of a virus scanner")
    bundid_issuer: str = Field(default="", description="Issuer of BundID's OpenID broker; empty: no log-in with it")
    bundid_client_id: str = Field(default="", validate_default=True, description="The hub's name at that broker")
    bundid_client_secret_file: Path | None = Field(
        default=None, validate_default=True, description="File (0600) with the hub's secret at that broker"
    )
    bundid_name: str = Field(default="BundID", min_length=1, max_length=40, description="What pages call it")
    payment_sandbox_url: str = Field(default="", description="Address of the demonstration's payment provider")
    payment_sandbox_key_file: Path | None = Field(
        default=None, description="File (0600) with the key shared with that provider; made at the first start"
    )
    xbezahldienste_url: str = Field(default="", description="Payment service of the public sector (XBezahldienste)")
    xbezahldienste_token_url: str = Field(default="", description="Where its OAuth2 tokens come from")
    xbezahldienste_client_id: str = Field(default="", description="Who we are there")
    xbezahldienste_secret_file: Path | None = Field(default=None, description="File (0600) with the client secret")
    xbezahldienste_originator: str = Field(default="stadtknoten", description="originatorId of this online service")
    xbezahldienste_end_point: str = Field(default="08125007", description="endPointId, e.g. the municipality's key")
    bank_name: str = Field(default="", description="Holder of the town's account, for bank transfers and debits")
    bank_iban: str = Field(default="", description="The town's account; empty: no bank transfers and debits")
    bank_bic: str = Field(default="", description="BIC of the town's bank")
    sepa_creditor_id: str = Field(default="", description="Creditor identifier; empty: no direct debits")
    parking_grace_s: int = Field(
        default=180, ge=1, le=3600, description="Seconds that a bay must be free before the stay on it ends"
    )
    parking_objection_s: int = Field(
        default=900, ge=0, le=86400, description="Seconds that a driver has to say that the car is still there"
    )
    behind_proxy: bool = Field(default=False, description="1 when nginx in front sets X-Forwarded-For and -Proto")
    town: str = Field(default="bad_rappenau", description="Folder under hub/data with the town's facts")
    demo: bool = Field(default=False, description="1 shows /demo with its credentials; set by `hub demo` only")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    portal_url: str = Field(default="", description="Address of the portal preview, shown on /demo")

    @field_validator(*_SCHEMES)
    @classmethod
    def _known_scheme(cls, value: str, info: object) -> str:
        name = str(getattr(info, "field_name", ""))
        scheme = urlsplit(value).scheme
        if value and scheme not in _SCHEMES[name]:
            choices = ", ".join(s + "://" for s in _SCHEMES[name])
            raise ValueError(f"unknown scheme {scheme or value!r}; use one of {choices}")
        return value

    @field_validator("bundid_issuer")
    @classmethod
    def _safe_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (not parts.hostname or parts.query or parts.fragment or parts.username):
            raise ValueError("this is no issuer: an address with neither name, query nor fragment is needed")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("use https://; http:// is for a broker on this machine only")
        return value

    @field_validator("bundid_client_id", "bundid_client_secret_file")
    @classmethod
    def _complete_client(cls, value: str | Path | None, info: ValidationInfo) -> str | Path | None:
        if not info.data.get("bundid_issuer"):
            return value
        if not value:
            raise ValueError("is missing; HUB_BUNDID_ISSUER needs it")
        if isinstance(value, Path):
            _read_secret(value)
        return value

    @field_validator("parkapi_push_url")
    @classmethod
    def _no_open_password(cls, value: str) -> str:
        """A password goes over TLS, or does not leave this machine."""
        address = urlsplit(value)
        if value and not address.hostname:
            raise ValueError("names no host; write https://user:password@host/path")
        if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("use https:// or the password can be read on its way")
        return value

    @cached_property
    def database(self) -> str:
        """The database URL that is in use."""
        return self.database_url or f"sqlite:///{self.state_dir.absolute() / 'hub.db'}"

    @property
    def town_dir(self) -> Path:
        """The folder with the town's facts."""
        return _TOWNS / self.town

    @property
    def authority_dir(self) -> Path:
        """Where the certificate authority's key is."""
        return self.ca_dir or self.state_dir / "ca"

    @property
    def stored_releases_dir(self) -> Path:
        """Where the releases for nodes lie."""
        return self.releases_dir or self.state_dir / "releases"

    @property
    def release_key(self) -> Path:
        """The public key that releases are held against."""
        return self.release_key_file or self.stored_releases_dir / "release.pub"

    @property
    def stored_files_dir(self) -> Path:
        """Where people's files lie."""
        return self.files_dir or self.state_dir / "files"

    @property
    def push_mail(self) -> str:
        """The mail address that push services are told."""
        return self.push_contact.removeprefix("mailto:") or self.mail_from

    @property
    def push_services(self) -> tuple[str, ...]:
        """Names of push services."""
        return tuple(name.strip().lower() for name in self.push_hosts.split(",") if name.strip())

    def parkapi_push_password(self) -> str | None:
        """What stands in the password's file; None when there is none. OSError when it cannot be read."""
        file = self.parkapi_push_password_file
        return file.read_text().strip() if file is not None else None

    def secret(self) -> bytes:
        """The signing key, 32 bytes, made with rights 0600 when it is not there yet."""
        return _read_or_make(self.secret_file or self.state_dir / "secret.key")

    def bundid_secret(self) -> str:
        """The hub's secret at BundID's broker; ValueError when its file is missing, empty or open to others."""
        return _read_secret(self.bundid_client_secret_file) if self.bundid_client_secret_file else ""

    def payment_sandbox_key(self) -> bytes:
        """The key shared with the demonstration's payment provider, 32 bytes, made like the others."""
        return _read_or_make(self.payment_sandbox_key_file or self.state_dir / "sandbox.key")

    def grant_key(self) -> bytes:
        """The private key with which grants for nodes are signed, 32 bytes, made like the other."""
        return _read_or_make(self.grant_key_file or self.state_dir / "grants.key")

    def push_key(self) -> bytes:
        """The key for push services, 32 bytes, made like the others."""
        return _read_or_make(self.push_key_file or self.state_dir / "push.key")

    def files_key(self) -> bytes:
        """The key of people's files, 32 bytes, made like the others; without it they cannot be read any more."""
        return _read_or_make(self.files_key_file or self.state_dir / "files.key")

    def check_keys(self) -> None:
        """ValueError for a key file that cannot be one, before any process of the hub starts."""
        for read in (self.secret, self.grant_key, self.push_key, self.files_key):
            read()


def _read_secret(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ValueError(f"others may read {path}; run: chmod 600 {path}")
            text = file.read(10_000).strip()
    except (OSError, UnicodeError) as error:
        raise ValueError(f"{path} cannot be read") from error
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def _read_or_make(path: Path) -> bytes:
    """The key; processes that start together agree on one, and none sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was faster
            path.hardlink_to(draft)
        draft.unlink()
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(
            f"{path} holds {len(key)} bytes, a key has {_KEY_BYTES}; bring the right file back from the backup"
        )
    return key
