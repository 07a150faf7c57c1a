"""Import rules that import-linter has no ready contract for; `.venv/bin/lint-imports` runs them (see pyproject.toml).

Each contract looks at every module of its packages, so that a new module falls under the rules without being named.
"""

import sys
from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class _EveryImport(Contract):
    """Base: `allowed(importer, imported)` judges each direct import in the graph."""

    def allowed(self, importer: str, imported: str) -> bool:
        """True when the rule has nothing against this import."""
        raise TypeError("a contract says what it allows")

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Keeps the contract when no import is refused."""
        refused = sorted(pair for pair in _imports(graph) if not self.allowed(*pair))
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one line for each refused import."""
        for importer, imported in check.metadata["refused"]:
            output.print_error(f"{importer} must not import {imported}", bold=False)


class PureRules(_EveryImport):
    """A `rules` room imports the standard library and its own folder, nothing else."""

    type_name = "pure_rules"

    def allowed(self, importer: str, imported: str) -> bool:
        room = _rules_room(importer)
        return room is None or _within(imported, room) or imported.partition(".")[0] in sys.stdlib_module_names


class OnlyDoors(_EveryImport):
    """From outside of a module only its doors are seen; `wiring` modules see all."""

    type_name = "only_doors"
    parent = fields.StringField()
    door = fields.StringField()
    open_modules = fields.ListField(subfield=fields.StringField(), required=False, default=[])
    wiring = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def allowed(self, importer: str, imported: str) -> bool:
        module = _module_below(str(self.parent), imported)
        if module is None or _within(importer, module) or any(_within(importer, top) for top in self.wiring):
            return True
        if any(_within(imported, free) for free in self.open_modules):
            return True
        return _within(imported, f"{module}.{self.door}")


class OneDoor(_EveryImport):
    """Of a package, others see `door` alone."""

    type_name = "one_door"
    package = fields.StringField()
    door = fields.StringField()

    def allowed(self, importer: str, imported: str) -> bool:
        inside = _within(importer, str(self.package)) or not _within(imported, str(self.package))
        return inside or _within(imported, str(self.door))


class LibraryRooms(_EveryImport):
    """A library is imported in the named rooms alone, e.g. sqlalchemy in `store`."""

    type_name = "library_rooms"
    library = fields.StringField()
    rooms = fields.ListField(subfield=fields.StringField())
    within = fields.StringField()

    def allowed(self, importer: str, imported: str) -> bool:
        if not _within(imported, str(self.library)) or not _within(importer, str(self.within)):
            return True
        return any(_within(importer, room) or room in importer.split(".")[2:3] for room in self.rooms)


def _imports(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            yield importer, imported


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _rules_room(module: str) -> str | None:
    """The path of the rules room that a module lies in, e.g. hub.parking.rules for hub.parking.rules.tariff."""
    parts = module.split(".")
    return ".".join(parts[: parts.index("rules") + 1]) if "rules" in parts else None


def _module_below(parent: str, module: str) -> str | None:
    """hub.parking for hub.parking.store under the parent hub; None for modules elsewhere."""
    if not module.startswith(parent + "."):
        return None
    return f"{parent}.{module[len(parent) + 1 :].partition('.')[0]}"
