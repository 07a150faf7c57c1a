"""How much of an address may stand in a log."""

from ipaddress import ip_address, ip_network


def logged_network(address: str) -> str:
    """The network that an attack comes from, /24 or /48, which is nobody's own address; "?" for anything else."""
    try:
        found = ip_address(address)
        return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))
    except ValueError:
        return "?"
