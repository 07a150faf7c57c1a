"""Parking fees: what a stay costs and why. Tariffs are data (`hub/data/tariffs`), read by `read_tariff`."""

from hub.parking.rules.tariff.model import KINDS, Exemption, Step, Tariff, TariffError, Terms, Window
from hub.parking.rules.tariff.pricing import Bill, Entry, NotAllowedError, Pricer
from hub.parking.rules.tariff.reading import read_tariff
from hub.parking.rules.tariff.words import line, lines

__all__ = [
    "KINDS",
    "Bill",
    "Entry",
    "Exemption",
    "NotAllowedError",
    "Pricer",
    "Step",
    "Tariff",
    "TariffError",
    "Terms",
    "Window",
    "line",
    "lines",
    "read_tariff",
]
