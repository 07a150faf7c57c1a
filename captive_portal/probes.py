"""The requests with which phones and computers test whether they are online, by their host.

Sources: the vendors' own documents and the network managers' default settings. Unknown probes are redirected like any
other request to port 80; the table only tells the metrics which is which and keeps these hosts out of the garden.
"""

PROBES: dict[str, tuple[str, ...]] = {
    "apple": ("captive.apple.com", "www.apple.com", "www.appleiphonecell.com", "www.itools.info", "www.ibook.info",
              "www.airport.us", "www.thinkdifferent.us"),
    "android": ("connectivitycheck.gstatic.com", "connectivitycheck.android.com", "clients1.google.com",
                "clients3.google.com", "www.google.com", "www.gstatic.com", "play.googleapis.com"),
    "huawei": ("connectivitycheck.platform.hicloud.com", "connectivitycheck.platform.dbankcloud.cn"),
    "xiaomi": ("connect.rom.miui.com",),
    "windows": ("www.msftconnecttest.com", "ipv6.msftconnecttest.com"),
    "windows_old": ("www.msftncsi.com", "ipv6.msftncsi.com"),
    "firefox": ("detectportal.firefox.com",),
    "kindle": ("spectrum.s3.amazonaws.com",),
    "gnome": ("nmcheck.gnome.org", "network-test.debian.org", "fedoraproject.org"),
    "ubuntu": ("connectivity-check.ubuntu.com",),
    "kde": ("networkcheck.kde.org",),
}  # fmt: skip
_KINDS = {host: kind for kind, hosts in PROBES.items() for host in hosts}


def kind_of(host: str) -> str:
    """Which system's probe asks for `host`; "other" for everything else."""
    return _KINDS.get(host.lower(), "other")


def is_probe_host(name: str) -> bool:
    """True if `name`, or a name below it, is one that probes ask for."""
    return any(host == name or host.endswith("." + name) for host in _KINDS)
