"""What both models share: namespaces, the head of a publication, texts, points."""

from lxml import etree

from hub.parking.rules.feeds import LICENCE_NAME, LICENCE_URL, Lot, Town, iso

_SCHEMA = "http://datex2.eu/schema/3/"
_SPACES = {
    "d2": f"{_SCHEMA}d2Payload",
    "com": f"{_SCHEMA}common",
    "fac": f"{_SCHEMA}facilities",
    "loc": f"{_SCHEMA}locationReferencing",
    "prk": f"{_SCHEMA}parking",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_LONGEST = 1024  # characters of a string
TABLE = "parking"


def publication(kind: str, town: Town) -> etree._Element:
    """The root with everything up to the part that is the kind's own."""
    root = etree.Element(_name("d2:payload"), nsmap=_SPACES)
    root.set(_name("xsi:type"), kind)
    root.set("lang", "de")
    root.set("modelBaseVersion", "3")
    text(root, "com:feedDescription", f"Parkplätze {town.house.town}. Lizenz: {LICENCE_NAME}, {LICENCE_URL}")
    add(root, "com:publicationTime", iso(town.now))
    creator = add(root, "com:publicationCreator")
    add(creator, "com:country", town.house.country)
    add(creator, "com:nationalIdentifier", town.house.operator)
    return root


def header(root: etree._Element) -> None:
    """Real data, no exercise."""
    add(add(root, "prk:headerInformation"), "com:informationStatus", "real")


def table_version(town: Town) -> str:
    """The newest of the facts."""
    return iso(max((lot.facts_at for lot in town.lots), default=town.now))


def table_reference(root: etree._Element, town: Town) -> None:
    """The table of whose car parks the status is."""
    add(root, "prk:parkingTableReference", targetClass="prk:ParkingTable", id=TABLE, version=table_version(town))


def point(parent: etree._Element, name: str, lot: Lot) -> None:
    """Where a car park is."""
    place = typed(parent, name, "loc:PointLocation")
    coordinates = add(add(place, "loc:pointByCoordinates"), "loc:pointCoordinates")
    add(coordinates, "loc:latitude", lot.lat)
    add(coordinates, "loc:longitude", lot.lon)


def add(parent: etree._Element, name: str, value: object = None, **attributes: str) -> etree._Element:
    """A child under its prefixed name."""
    child = etree.SubElement(parent, _name(name), attributes)
    if value is not None:
        child.text = str(value)
    return child


def typed(parent: etree._Element, name: str, kind: str, **attributes: str) -> etree._Element:
    """A child whose type is narrower than the one that its place asks for."""
    child = add(parent, name, **attributes)
    child.set(_name("xsi:type"), kind)
    return child


def text(parent: etree._Element, name: str, words: str) -> None:
    """A German text."""
    add(add(add(parent, name), "com:values"), "com:value", words[:_LONGEST], lang="de")


def as_bytes(root: etree._Element) -> bytes:
    """The document."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _name(prefixed: str) -> str:
    prefix, _, name = prefixed.partition(":")
    return f"{{{_SPACES[prefix]}}}{name}"
