"""What we know of the two DATEX II models, for the types that our feeds use, and a schema made of it.

A line is `type [< base]: children`, a child is `name occurs type`; occurs is 1, ? (0 or 1), * or +. `@` marks an
attribute (needed unless ?; `=` its only value), `|` a word of an enumeration, `~` a type that only others build on.
Children stand in their order. What our feeds do not use is left out, so that nothing unheld gets into a feed unseen.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

XS = "http://www.w3.org/2001/XMLSchema"
_NAMES = {"d2": "d2Payload", "com": "common", "fac": "facilities", "loc": "locationReferencing", "prk": "parking"}
SPACES = {prefix: f"http://datex2.eu/schema/3/{name}" for prefix, name in _NAMES.items()}

# Common and LocationReferencing of v3.7, which both models use
COMMON = """
com:Text: string 1024
com:Country: string 2
com:PayloadPublication ~: @lang language  @modelBaseVersion=3 string  feedDescription ? com:MultilingualString
  publicationTime 1 dateTime  publicationCreator 1 com:InternationalIdentifier
com:InternationalIdentifier: country 1 com:Country  nationalIdentifier 1 com:Text
com:HeaderInformation: informationStatus 1 com:InformationStatus
com:InformationStatus: |real
com:MultilingualString: values 1 com:Values
com:Values: value + com:Value
com:Value: text com:Text  @lang? language
com:UrlLink: urlLinkAddress 1 anyURI
com:VehicleCharacteristics: heightCharacteristic ? com:HeightCharacteristic
com:HeightCharacteristic: comparisonOperator 1 com:ComparisonOperator  vehicleHeight 1 float
com:ComparisonOperator: |lessThanOrEqualTo
loc:LocationReference ~:
loc:PointLocation < loc:LocationReference: pointByCoordinates ? loc:PointByCoordinates
loc:PointByCoordinates: pointCoordinates 1 loc:PointCoordinates
loc:PointCoordinates: latitude 1 float  longitude 1 float
"""

# Parking of v3.6 (v3.4 has the same) and Facilities of v3.7
PLACES = f"""{COMMON}
prk:TableReference: @targetClass=prk:ParkingTable string  @id string  @version? string
prk:ParkingTablePublication < com:PayloadPublication: headerInformation ? com:HeaderInformation
  parkingTable + prk:ParkingTable
prk:ParkingTable: @id string  @version string  name ? com:MultilingualString  versionTime 1 dateTime
  hierarchyElementGeneral + prk:HierarchyElementGeneral
prk:ParkingStatusPublication < com:PayloadPublication: parkingTableReference * prk:TableReference
  headerInformation ? com:HeaderInformation  parkingStatusInformation + prk:ParkingStatusInformation

fac:Reference: @targetClass=fac:FacilityObject string  @id string  @version? string
fac:FacilityObject ~: @id string  @version string  name ? com:MultilingualString  lastUpdated ? dateTime
  description ? com:MultilingualString  additionalInformation * com:MultilingualString
  informationWebsite * com:UrlLink  operatingHours ? fac:OperatingHours  locationReference ? loc:LocationReference
  operator ? fac:Organisation  rates ? fac:Rates  applicableForVehicles * com:VehicleCharacteristics
fac:Facility ~ < fac:FacilityObject: supplementalFacility * fac:SupplementalFacility
fac:SupplementalFacility ~ < fac:FacilityObject:
fac:SupplementalEquipment < fac:SupplementalFacility: equipmentType 1 fac:EquipmentType
fac:EquipmentType: |electricChargingStation
fac:OperatingHours ~:
fac:OpenAllHours < fac:OperatingHours:
fac:Organisation ~:
fac:OrganisationSpecification < fac:Organisation: @id string  @version string  name 1 com:MultilingualString
  organisationUnit + fac:OrganisationUnit
fac:OrganisationUnit: name ? com:MultilingualString
fac:Rates ~:
fac:FreeOfCharge < fac:Rates:
fac:GeneralRateInformation < fac:Rates:
fac:Eligibility: qualification * fac:Qualification
fac:Qualification: userQualification * fac:UserQualification
fac:UserQualification: userGroup 1 fac:UserType
fac:UserType: |registeredDisabledUsers
fac:FacilityStatus: reference 1 fac:Reference  lastUpdated ? dateTime  openingStatus ? fac:OpeningStatus
fac:OpeningStatus: |open |statusUnknown

prk:HierarchyElementGeneral ~ < fac:Facility: layer 1 nonNegativeInteger  type 1 prk:HierarchyElementType
  parentId ? fac:Reference  childId * fac:Reference  supply ? prk:Supply
prk:HierarchyElementType: |place |subplaceElement
prk:Supply: quantity 1 integer  viewType 1 prk:SupplyViewType
prk:SupplyViewType: |spaceView
prk:Place < prk:HierarchyElementGeneral: commonComponents ? prk:CommonComponents
prk:SubplaceElement < prk:HierarchyElementGeneral: subplaceType ? prk:ElementDescriptor
  commonComponents ? prk:CommonComponents
prk:ElementDescriptor: |statisticsOnly |singleParameters
prk:CommonComponents: characteristics * prk:Characteristics  additionalCharacteristics ? prk:AdditionalCharacteristics
  operatingPattern * prk:OperatingPattern
prk:Characteristics: structureType 1 prk:StructureType  spacesTotal ? nonNegativeInteger
prk:StructureType: |onStreet |offStreetSurface
prk:AdditionalCharacteristics: assignment * prk:Assignment
prk:Assignment: maximumParkingDuration ? float  exclusivelyAssignedFor ? fac:Eligibility
prk:OperatingPattern ~: @operatingPatternIndex integer
prk:UsageScenario < prk:OperatingPattern: type + prk:UsageScenarioType
prk:UsageScenarioType: |parkAndRide
prk:ParkingStatusInformation < fac:FacilityStatus: occupancy ? prk:Occupancy
prk:PlaceStatus < prk:ParkingStatusInformation: status * prk:PlaceStatusWord
prk:PlaceStatusWord: |full |spacesAvailable |unknown
prk:Occupancy: numberOfSpacesOverride ? nonNegativeInteger  numberOfVacantSpaces ? nonNegativeInteger
  numberOfOccupiedSpaces ? nonNegativeInteger  occupancy ? float
"""

# The parking publications of v2.3; references as v3 has them
RECORDS = f"""{COMMON}
prk:TableReference: @targetClass=prk:ParkingTable string  @id string  @version? string
prk:RecordReference: @targetClass=prk:ParkingRecord string  @id string  @version? string
prk:ParkingTablePublication < com:PayloadPublication: headerInformation ? com:HeaderInformation
  parkingTable + prk:ParkingTable
prk:ParkingTable: @id string  @version string  parkingTableName ? com:MultilingualString
  parkingTableVersionTime 1 dateTime  parkingRecord + prk:ParkingRecord
prk:ParkingStatusPublication < com:PayloadPublication: parkingTableReference * prk:TableReference
  headerInformation ? com:HeaderInformation  parkingRecordStatus + prk:ParkingRecordStatus
prk:ParkingRecord ~: @id string  @version string  parkingName ? com:MultilingualString
  parkingDescription ? com:MultilingualString  parkingRecordVersionTime 1 dateTime
  parkingNumberOfSpaces ? nonNegativeInteger  maximumParkingDuration ? float  urlLinkAddress ? anyURI
  operator ? prk:Contact  parkingLocation 1 loc:LocationReference  tariffsAndPayment ? prk:TariffsAndPayment
  groupOfParkingSpaces * prk:IndexedGroup
prk:ParkingSite ~ < prk:ParkingRecord: parkingUsageScenario * prk:IndexedScenario
prk:UrbanParkingSite < prk:ParkingSite: urbanParkingSiteType 1 prk:UrbanParkingSiteType
prk:UrbanParkingSiteType: |onStreetParking |offStreetParking
prk:Contact ~:
prk:ContactDetails < prk:Contact: @id string  @version string  contactOrganisationName ? com:MultilingualString
prk:TariffsAndPayment: freeOfCharge ? boolean
prk:IndexedGroup: @groupIndex integer  parkingSpaceBasics 1 prk:ParkingSpaceBasics
prk:ParkingSpaceBasics ~: onlyAssignedParking ? prk:ParkingAssignment
prk:GroupOfParkingSpaces < prk:ParkingSpaceBasics: parkingNumberOfSpaces 1 nonNegativeInteger
  parkingTypeOfGroup ? prk:ParkingTypeOfGroup
prk:ParkingTypeOfGroup: |statisticsOnly
prk:ParkingAssignment: applicableForUser * prk:UserType
prk:UserType: |disabled
prk:IndexedScenario: @scenarioIndex integer  parkingUsageScenario 1 prk:Scenario
prk:Scenario: parkingUsageScenario 1 prk:ScenarioType
prk:ScenarioType: |parkAndRide
prk:ParkingRecordStatus ~: parkingRecordReference 1 prk:RecordReference  parkingStatusOriginTime 1 dateTime
  parkingOccupancy ? prk:ParkingOccupancy
prk:ParkingSiteStatus < prk:ParkingRecordStatus: parkingSiteStatus ? prk:ParkingSiteStatusWord
  parkingSiteOpeningStatus ? prk:OpeningStatus
prk:ParkingSiteStatusWord: |full |spacesAvailable
prk:OpeningStatus: |open |statusUnknown
prk:ParkingOccupancy: parkingNumberOfSpacesOverride ? nonNegativeInteger
  parkingNumberOfVacantSpaces ? nonNegativeInteger  parkingNumberOfOccupiedSpaces ? nonNegativeInteger
  parkingOccupancy ? float
"""
_OCCURS = {"1": ("1", "1"), "?": ("0", "1"), "*": ("0", "unbounded"), "+": ("1", "unbounded")}


def schema(facts: str, folder: Path) -> etree.XMLSchema:
    """A schema of these facts, with a file for each namespace in the folder."""
    lines = [line for line in re.sub(r"\n +", "  ", facts).splitlines() if line]
    for prefix in SPACES:
        mine = [_type(line.removeprefix(f"{prefix}:")) for line in lines if line.startswith(f"{prefix}:")]
        mine += ['<xs:element name="payload" type="com:PayloadPublication"/>'] if prefix == "d2" else []
        (folder / f"{prefix}.xsd").write_text(_file(prefix, mine))
    return etree.XMLSchema(etree.parse(folder / "d2.xsd"))


def _file(prefix: str, types: list[str]) -> str:
    names = "".join(f' xmlns:{short}="{space}"' for short, space in SPACES.items())
    needed = {"com": "", "loc": "com", "fac": "com loc", "prk": "com fac loc", "d2": "com prk"}[prefix].split()
    imports = "".join(f'<xs:import namespace="{SPACES[one]}" schemaLocation="{one}.xsd"/>' for one in needed)
    own = f'targetNamespace="{SPACES[prefix]}" elementFormDefault="qualified"'
    return f'<xs:schema xmlns:xs="{XS}"{names} {own}>{imports}{"".join(types)}</xs:schema>'


def _type(line: str) -> str:
    head, _, body = line.partition(": ") if ": " in line else (line.rstrip(":"), "", "")
    name, _, base = head.partition(" < ")
    parts = [part.split() for part in body.split("  ") if part]
    name, abstract = name.removesuffix(" ~"), ' abstract="true"' if name.endswith(" ~") else ""
    if body.startswith("string "):
        return _words(name, [f'<xs:maxLength value="{parts[0][1]}"/>'])
    if body.startswith("|"):
        return _words(name, [f'<xs:enumeration value="{word[1:]}"/>' for word in body.split()])
    if body.startswith("text "):
        inside = f'<xs:extension base="{parts[0][1]}">{"".join(_attributes(parts))}</xs:extension>'
        return f'<xs:complexType name="{name}"><xs:simpleContent>{inside}</xs:simpleContent></xs:complexType>'
    inside = f"<xs:sequence>{''.join(_children(parts))}</xs:sequence>{''.join(_attributes(parts))}"
    if base:
        inside = f'<xs:complexContent><xs:extension base="{base}">{inside}</xs:extension></xs:complexContent>'
    return f'<xs:complexType name="{name}"{abstract}>{inside}</xs:complexType>'


def _words(name: str, limits: list[str]) -> str:
    inside = f'<xs:restriction base="xs:string">{"".join(limits)}</xs:restriction>'
    return f'<xs:simpleType name="{name}">{inside}</xs:simpleType>'


def _children(parts: list[list[str]]) -> Iterator[str]:
    for name, occurs, kind in (part for part in parts if len(part) == 3):
        least, most = _OCCURS[occurs]
        yield f'<xs:element name="{name}" type="{_kind(kind)}" minOccurs="{least}" maxOccurs="{most}"/>'


def _attributes(parts: list[list[str]]) -> Iterator[str]:
    for name, kind in (part for part in parts if part[0].startswith("@")):
        plain, _, only = name[1:].rstrip("?").partition("=")
        fixed = f' fixed="{only}"' if only else ""
        use = "optional" if name.endswith("?") else "required"
        yield f'<xs:attribute name="{plain}" type="{_kind(kind)}" use="{use}"{fixed}/>'


def _kind(name: str) -> str:
    return name if ":" in name else f"xs:{name}"
