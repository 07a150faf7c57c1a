"""The node's TOML file: what is wrong is said in one line."""

from pathlib import Path

import pytest

from edge.config import ConfigError, load

GOOD = """
[node]
name = "kurpark_see"
[broker]
url = "mqtt://127.0.0.1:1883"
[state]
directory = "/var/lib/stadtknoten"
[[bays]]
id = "kurpark_see-001"
sensor = "digital"
pin = 17
active = "low"
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "node.toml"
    file.write_text(text)
    return file


def test_a_good_file_is_read(tmp_path: Path) -> None:
    config = load(write(tmp_path, GOOD))
    assert (config.name, config.broker.port, config.bays[0].pins) == ("kurpark_see", 1883, (17,))


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('name = "kurpark_see"', 'name = "Kurpark See"', "name"),
        ("mqtt://", "kafka://", "url"),
        ("pin = 17", "pin = 99", "pin"),
        ("pin = 17", 'pin = "x"', "pin"),
        ('sensor = "digital"', 'sensor = "radar"', "sensor"),
        ('active = "low"', 'active = "sometimes"', "active"),
        ('[state]\ndirectory = "/var/lib/stadtknoten"', "[state]", "directory"),
        ("[node]", "[nodes]", "name"),
        ("pin = 17", "pin = ", "TOML"),
        ('[broker]\nurl = "mqtt://127.0.0.1:1883"', '[broker]\nurl = "mqtt://x"\nsurprise = 1', "surprise"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_file_and_key(
    tmp_path: Path, old: str, new: str, names: str
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, GOOD.replace(old, new)))
    assert "node.toml" in str(caught.value)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "nothing.toml")
