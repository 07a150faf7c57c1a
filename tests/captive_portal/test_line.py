"""A line is a carrier and a way out over it."""

from pathlib import Path

import pytest

from captive_portal.line import Line

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
ROUTE4 = "wan0\t00000000\t0100630A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
ROUTE6 = f"{'0' * 32} 00 {'0' * 32} 00 fd99{'0' * 27}1 00000400 00000001 00000000 00000003     wan0\n"


def system(directory: Path, carrier: str | None, route4: str = "", route6: str = "") -> Path:
    for name, content in (("proc/net/route", HEAD + route4), ("proc/net/ipv6_route", route6)):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    if carrier is not None:
        file = directory / "sys/class/net/wan0/carrier"
        file.parent.mkdir(parents=True)
        file.write_text(carrier)
    return directory


@pytest.mark.parametrize(
    ("carrier", "route4", "route6", "works"),
    [
        ("1\n", ROUTE4, "", True),
        ("1\n", "", ROUTE6, True),
        ("1\n", "", "", False),
        ("1\n", ROUTE4.replace("wan0", "lan0"), "", False),
        ("1\n", ROUTE4.replace("\t0003\t", "\t0002\t"), "", False),
        ("0\n", ROUTE4, ROUTE6, False),
        (None, ROUTE4, ROUTE6, False),
    ],
)
def test_both_a_carrier_and_a_default_route_make_a_line(
    tmp_path: Path, carrier: str | None, route4: str, route6: str, works: bool
) -> None:
    assert Line("wan0", system(tmp_path, carrier, route4, route6)).works() is works
