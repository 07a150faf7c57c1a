"""dnsmasq's configuration for this node: leases, names, the API's address in DHCPv4 and DHCPv6, the walled garden."""

from captive_portal.config import ConfigError, Network, Portal

_LEASE = "30m"
_CACHE_S = 300  # names of the garden are asked again long before their addresses are forgotten by the gate

_TEXT = """# Written by `stadtknoten-portal dnsmasq`; changes here are lost.
interface={lan}
bind-dynamic
except-interface=lo
no-hosts
no-ping
domain-needed
bogus-priv
quiet-dhcp
quiet-dhcp6
quiet-ra
dhcp-authoritative
dhcp-leasefile={lease_file}
dhcp-lease-max={lease_max}
dhcp-range={first},{last},{mask},{lease}
dhcp-option=option:router,{router}
dhcp-option-force=114,{api}
max-cache-ttl={cache}
max-ttl={cache}
address=/{host}/{router}
"""
_TEXT6 = """enable-ra
dhcp-range=::,constructor:{lan},ra-stateless,64,30m
dhcp-option=option6:103,{api}
address=/{host}/{router6}
"""


def dnsmasq_text(portal: Portal, network: Network) -> str:
    """The whole file; ConfigError without a host name for the portal."""
    if not portal.host:
        raise ConfigError("[portal] host is missing: phones need a name for the landing page")
    values = {
        "lan": network.lan,
        "lease_file": network.lease_file,
        "first": network.ipv4.network[256],
        "last": network.ipv4.network[-2],
        "mask": network.ipv4.netmask,
        "lease": _LEASE,
        "lease_max": network.ipv4.network.num_addresses - 257,
        "router": network.ipv4.ip,
        "router6": network.ipv6.ip if network.ipv6 else "",
        "host": portal.host,
        "api": portal.api_url,
        "cache": _CACHE_S,
    }
    parts = [_TEXT.format(**values), _TEXT6.format(**values) if network.ipv6 else ""]
    sets = "4#inet#portal#garden4,6#inet#portal#garden6"
    parts += [f"nftset=/{name}/{sets}\n" for name in network.garden]
    return "".join(parts)
