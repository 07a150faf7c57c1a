"""One table of a TOML file or of a configuration message, read with checks."""

from pathlib import Path


class ConfigError(ValueError):
    """A wrong or missing key; the text names file and key in one line."""


class Section:
    """One table with typed access, ConfigError names the key; unknown keys are refused unless `others` use it too."""

    def __init__(self, table: dict[str, object], name: str, keys: tuple[str, ...], *, others: bool = False) -> None:
        self.name = f"[{name}]" if not name.startswith("[") else name
        section = table.get(name, {})
        if not isinstance(section, dict):
            raise ConfigError(f"{self.name}: must be a section")
        self.values: dict[str, object] = section
        if not others:
            for key in section:
                if key not in keys:
                    raise ConfigError(f"{self.name} {key}: unknown key")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise ConfigError(f"{self.name} {key}: is missing")
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self.name} {key}: must be a text")
        return value

    def number(self, key: str, default: float | None = None, low: float = 0) -> float:
        value = self.values.get(key, default)
        if value is None:
            raise ConfigError(f"{self.name} {key}: is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= low:
            raise ConfigError(f"{self.name} {key}: must be a number of at least {low:g}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise ConfigError(f"{self.name} {key}: must be true or false")
        return value

    def vector(self, key: str) -> tuple[float, float, float]:
        value = self.values.get(key)
        if value is None:
            raise ConfigError(f"{self.name} {key}: is missing; `sudo stadtknoten-edge calibrate BAY` measures it")
        if not isinstance(value, list) or len(value) != 3 or not all(type(one) in (int, float) for one in value):
            raise ConfigError(f"{self.name} {key}: must be three numbers")
        return float(value[0]), float(value[1]), float(value[2])

    def path(self, key: str) -> Path | None:
        return Path(self.text(key)) if key in self.values else None
