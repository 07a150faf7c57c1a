"""The playbook on two freshly booted machines: the hub with its broker, and a node of 512 MB."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.test_units import MOST
from tests.lab.box import releases
from tests.lab.box.box import Box
from tests.lab.box.broken import BROKEN, CONFIG, EXPIRED, PYTHON, STATE, program
from tests.lab.box.town import FIGURES, NODE_MB, NODE_UNITS, SECRET, Town, booted, figure, unchanged

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def town(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with booted(bundle, tmp_path_factory.mktemp("box")) as machines:
        yield machines


def test_a_check_of_bare_machines_says_what_it_would_do_and_touches_nothing(town: Town) -> None:
    seconds, counts, said = town.playbook.run("--check", "--diff")
    assert counts, said[-4000:]
    assert all(found["failed"] == found["unreachable"] == 0 for found in counts.values()), said[-6000:]
    figure(f"check of bare machines {seconds:.1f} s")
    assert SECRET not in said
    for box in (town.hub, town.node):
        assert left_behind(box) == []


def test_the_first_run_turns_bare_machines_into_a_hub_and_a_node(town: Town) -> None:
    seconds, counts, said = town.playbook.run()
    assert counts, said[-4000:]
    assert all(found["failed"] == found["unreachable"] == 0 for found in counts.values()), said[-6000:]
    assert "Mechanism=zram\n[Zram]\nRamMultiplier=0.5" in town.node.run("cat /etc/rpi/swap.conf.d/*").stdout
    figure(f"first run {seconds:.1f} s, {sum(found['changed'] for found in counts.values())} changes")


def test_the_node_is_online_in_the_hub_and_its_services_are_well(town: Town) -> None:
    began = time.monotonic()
    while " online " not in (said := town.hub.run("stadtknoten-hub node list").stdout):
        assert time.monotonic() - began < 10, said + town.node.run("journalctl -u stadtknoten-edge -n 20").stdout
        time.sleep(0.3)
    figure(f"node online {time.monotonic() - began:.1f} s after the run")
    states = town.node.run(f"systemctl is-active {' '.join('stadtknoten-' + unit for unit in NODE_UNITS)}", check=False)
    assert states.stdout.split() == ["active"] * len(NODE_UNITS), town.node.run("journalctl -n 60 -p 4").stdout
    found = town.doctor()
    assert [row for row in found.values() if row["level"] == "bad"] == []
    assert {area for area, row in found.items() if row["level"] == "look"} <= {"clock", "lease"}
    unit = town.node.run("systemctl show stadtknoten-edge -p ProtectClock -p SystemCallFilter").stdout
    assert "ProtectClock=no" in unit, "or the agent never hears whether the clock was set"
    assert "clock_adjtime" in unit
    page = town.node.run("curl -sS -H 'Host: wlan.bad-rappenau.example' http://127.0.0.1:8081/").stdout
    assert "Kurpark am See" in page
    web = town.hub.run(
        "curl -sS -o /dev/null -w '%{http_code} %{http_version}' --cacert /var/lib/stadtknoten-hub/web-tls/ca.crt "
        "https://hub.box/parken"
    ).stdout
    assert web == "200 2"
    assert "deprecated" not in town.hub.run("cat /var/log/nginx/error.log").stdout


def test_the_networks_manager_leaves_bridge_and_radio_alone_and_keeps_the_cable(town: Town) -> None:
    said = town.node.run("nmcli --terse --fields DEVICE,STATE device").stdout.splitlines()
    states = dict(line.split(":", 1) for line in said)
    assert (states["lan0"], states["wlan0"]) == ("unmanaged", "unmanaged"), said
    assert states["eth0"] != "unmanaged", said


def test_systemd_understands_every_unit_and_finds_none_exposed(town: Town) -> None:
    for box in (town.hub, town.node):
        units = box.run("cd /etc/systemd/system; ls stadtknoten*").stdout.split()
        said = box.run(f"cd /etc/systemd/system; systemd-analyze verify --man=no {' '.join(units)}")
        assert [line for line in said.stderr.splitlines() if "stadtknoten" in line] == []
        table = [line.split() for line in box.run("systemd-analyze security --no-pager").stdout.splitlines()]
        exposed = {row[0]: float(row[1]) for row in table if row and row[0].startswith("stadtknoten")}
        assert len(exposed) > 3
        assert {unit: found for unit, found in exposed.items() if found > MOST} == {}
        figure(f"{box.name}: exposure at most {max(exposed.values())} of 10")
        warned = box.run("journalctl --boot --priority=warning --output=cat _PID=1").stdout.splitlines()
        assert [line for line in warned if "/system/stadtknoten" in line] == []


def test_keys_and_passwords_stand_in_no_journal_and_mean_the_same_to_everybody(town: Town) -> None:
    for box in (town.hub, town.node):
        said = box.run("journalctl --no-pager -o cat").stdout
        assert "ansible" not in said.replace("ansible-tmp", "") or "Invoked with" not in said
        assert not [word for word in (SECRET, "PRIVATE KEY", "pa$$w") if word in said]
    pid = town.hub.run("systemctl show --value -p MainPID stadtknoten-hub-web").stdout.strip()
    of_service = town.hub.run(f"tr '\\0' '\\n' < /proc/{pid}/environ | grep ^HUB_SMTP_URL").stdout.strip()
    of_shell = town.hub.run("set -a; . /etc/stadtknoten-hub/hub.env; env | grep ^HUB_SMTP_URL").stdout.strip()
    assert of_service == of_shell == f"HUB_SMTP_URL={SECRET}"


def test_the_second_run_changes_nothing_and_neither_would_a_check(town: Town) -> None:
    seconds, counts, said = town.playbook.run()
    assert unchanged(counts), said[-6000:]
    figure(f"second run {seconds:.1f} s, changed=0")
    seconds, counts, said = town.playbook.run("--check", "--diff")
    assert unchanged(counts), said[-6000:]
    figure(f"check {seconds:.1f} s, changed=0")


def test_a_hanging_agent_is_started_anew_by_the_watchdog(town: Town) -> None:
    node, unit = town.node, "stadtknoten-edge"
    node.run(
        f"mkdir -p /run/systemd/system/{unit}.service.d; printf '[Service]\\nWatchdogSec=3\\n' "
        f"> /run/systemd/system/{unit}.service.d/quick.conf; systemctl daemon-reload; systemctl restart {unit}"
    )
    try:
        node.run(f"kill -STOP $(systemctl show --value -p MainPID {unit})")
        began = time.monotonic()
        while node.run(f"systemctl show --value -p NRestarts {unit}").stdout.strip() == "0":
            assert time.monotonic() - began < 40, "nobody noticed"
            time.sleep(0.3)
        figure(f"watchdog (3 s) started the agent anew after {time.monotonic() - began:.1f} s")
        assert "watchdog" in node.run(f"journalctl -u {unit} -n 30").stdout.lower()
    finally:
        node.run(f"rm -r /run/systemd/system/{unit}.service.d; systemctl daemon-reload; systemctl restart {unit}")


def test_everything_on_a_node_fits_into_512_megabytes(town: Town) -> None:
    used, most = town.node.memory_mb()
    script = (
        "for u in {units}; do p=$(systemctl show --value -p MainPID stadtknoten-$u); "
        "echo $u $(awk '/^Pss:/ {{print int($2/1024)}}' /proc/$p/smaps_rollup); done"
    )
    shares = town.node.run(script.format(units=" ".join(NODE_UNITS))).stdout.split()
    each = ", ".join(f"{name} {size}" for name, size in zip(shares[::2], shares[1::2], strict=True))
    figure(f"memory of the node: {used:.0f} MB in use, {most:.0f} MB at most of {NODE_MB} (PSS in MB: {each})")
    assert town.node.killed_for_memory() == 0
    assert used < NODE_MB * 0.75
    assert sum(int(size) for size in shares[1::2]) < 300


QUICK = """[Service]
ExecStart=
ExecStart=/opt/stadtknoten/node/good/bin/python -I -m edge.update apply --patience 15 --settle 3
"""


def test_the_hub_sends_a_release_and_a_broken_one_is_taken_back_by_the_node(town: Town, bundle: Path) -> None:
    hub, node = town.hub, town.node
    units = node.run(
        "mkdir -p /run/systemd/system/stadtknoten-update.service.d; echo /run/systemd/system"
    ).stdout.strip()
    node.run(f"cat > {units}/stadtknoten-update.service.d/quick.conf <<'END'\n{QUICK}\nEND\nsystemctl daemon-reload")
    seen: set[int] = set()
    for version, spoil, end in (("0.1.1", b"", "done"), ("0.1.2", b"raise RuntimeError('broken')\n", "rolled_back")):
        before = node.run("readlink /opt/stadtknoten/node/current").stdout.strip()
        offered = releases.another(bundle, version, spoil)
        shutil.copytree(offered, hub.root_path("/var/tmp") / f"release-{version}")
        began = time.monotonic()
        said = hub.run(f"stadtknoten-hub rollout start /var/tmp/release-{version} --canary kurpark_see").stdout
        assert "stadtknoten 0.1.1 -> 0.1.2" in said or version == "0.1.1", said
        while (now := json.loads(hub.run("stadtknoten-hub rollout show --json").stdout))["nodes"][0]["step"] != end:
            assert time.monotonic() - began < 180, (now, node.run("journalctl -u 'stadtknoten-update*' -n 30").stdout)
            seen.add(now["nodes"][0]["percent"])
            time.sleep(0.5)
        after = node.run("readlink /opt/stadtknoten/node/current").stdout.strip()
        assert (after != before) == (end == "done")
        assert node.run("readlink /opt/stadtknoten/node/good").stdout.strip() == after
        states = node.run(f"systemctl is-active {' '.join('stadtknoten-' + unit for unit in NODE_UNITS)}", check=False)
        assert states.stdout.split() == ["active"] * len(NODE_UNITS)
        figure(
            f"release {version} from the hub: {end} after {time.monotonic() - began:.1f} s {now['nodes'][0]['text']}"
        )
        hub.run("stadtknoten-hub rollout stop", check=False)
    node.run("rm -r /run/systemd/system/stadtknoten-update.service.d; systemctl daemon-reload")
    assert len(seen) > 2, "a progress was seen"


def in_use(box: Box, kind: str) -> str:
    """The release in use, which is the good one too."""
    (current, good) = box.run(f"cd /opt/stadtknoten/{kind}; readlink current good").stdout.split()
    assert current == good
    return Path(current).name


@pytest.mark.parametrize("kind", ["node", "hub"])
def test_a_broken_release_of_the_playbook_is_taken_back_and_a_good_one_is_kept(
    town: Town, bundle: Path, kind: str
) -> None:
    box, name, version = (town.node, "kurpark_see", "0.1.3") if kind == "node" else (town.hub, "hub", "0.1.4")
    before, broken = in_use(box, kind), releases.another(bundle, version, b"raise RuntimeError('broken')\n", kind)
    quick = ("--limit", name, "--tags", "edge,hub", "-e", "release_patience_s=15", "-e", "release_settle_s=3")
    seconds, counts, said = town.playbook.run(*quick, "-e", f"town_bundle={broken}")
    assert counts[name]["failed"] == 1, said[-4000:]
    said = " ".join(said.split())
    reason = re.search(rf"{re.escape(version)}-\w+ (is not well with it: [^.]+|cannot be made ready)", said)
    assert reason, said[-4000:]
    assert f"{before} is in use again" in said
    assert in_use(box, kind) == before
    figure(f"broken release of the playbook ({kind}): taken back after {seconds:.1f} s, {reason[1]}")
    seconds, counts, said = town.playbook.run(*quick)
    assert counts[name]["failed"] == 0, said[-4000:]
    assert in_use(box, kind).startswith("0.1.0-")
    assert len(box.run(f"ls -d /opt/stadtknoten/{kind}/0.*").stdout.split()) <= 3
    units = NODE_UNITS if kind == "node" else [f"hub-{one}" for one in ("web", "live", "worker", "ingest")]
    states = box.run(f"systemctl is-active {' '.join('stadtknoten-' + unit for unit in units)}", check=False)
    assert states.stdout.split() == ["active"] * len(units)


DOWNLOADS_AT_ONCE = 8


def test_a_flood_of_downloads_is_held_back_and_leaves_room_for_people(town: Town) -> None:
    """nginx's limit on /api/fleet/releases/: eight at once for an address, the others are told to come later (429)."""
    (part,) = town.hub.run("cd /var/lib/stadtknoten-hub/releases && ls */node-*.tar | tail -1").stdout.split()
    url = f"https://hub.box/api/fleet/releases/{part}"
    town.node.run(
        f"seq 24 | xargs -P 24 -I N curl -sS -o /dev/null -m 4 -w '%{{http_code}} %{{size_download}}\\n' {url} "
        "> /tmp/flood 2>/dev/null & sleep 1.5; true"
    )
    page = town.node.run("curl -sS -o /dev/null -m 30 -w '%{http_code} %{time_total}' https://hub.box/parken").stdout
    began = time.monotonic()
    while len(rows := [line.split() for line in town.node.run("cat /tmp/flood").stdout.splitlines()]) < 24:
        assert time.monotonic() - began < 30, rows
        time.sleep(0.5)
    served = [int(size) for code, size in rows if code == "200"]
    assert page.split()[0] == "200"
    assert len(served) == DOWNLOADS_AT_ONCE, rows
    assert {code for code, _ in rows} == {"200", "429"}
    figure(f"24 downloads at once: {len(served)} served ({sum(served) >> 20} MB), a page meanwhile {page.split()[1]} s")


@pytest.mark.parametrize("area", BROKEN)
def test_the_doctor_says_what_is_broken_and_what_to_do(town: Town, area: str) -> None:
    spoil, mend, (text, advice) = BROKEN[area]
    town.node.run(spoil)
    try:
        found = town.doctor()[area]
    finally:
        town.node.run(mend)
    assert found["level"] == "bad", found
    assert text in found["text"]
    assert advice in found["advice"]


def test_a_wrong_country_stops_the_playbook_with_a_sentence_and_changes_nothing(town: Town) -> None:
    before = town.node.run("sha256sum /etc/stadtknoten/node.toml").stdout
    _, counts, said = town.playbook.run("--limit", "kurpark_see", "-e", "town_country=XX")
    assert counts["kurpark_see"]["failed"] == 1
    assert "value of captive_portal_country must be one of" in " ".join(said.split())
    assert town.node.run("sha256sum /etc/stadtknoten/node.toml").stdout == before


def test_what_a_machine_lacks_is_said_before_anything_is_changed(town: Town) -> None:
    """Clock, disk and port: the sentences that ansible/README.md lists."""
    town.node.run("systemctl stop stadtknoten-portal; systemd-run --quiet --unit=stranger python3 -m http.server 8081")
    try:
        options = ("--limit", "kurpark_see", "--tags", "base")
        wrong = ("-e", "base_free_mb=100000000", "-e", "town_hub_url=https://hub.stadtknoten.invalid")
        _, counts, said = town.playbook.run(*options, *wrong)
    finally:
        town.node.run("systemctl stop stranger; systemctl start stadtknoten-portal")
    said = " ".join(said.split())
    assert counts["kurpark_see"]["failed"] == 1
    assert "the disk is full" in said
    assert "hub.stadtknoten.invalid (town_hub_name) is not known here" in said
    assert "TCP port 8081 is taken by python3" in said
    assert "Stop and remove python3" in said


def test_a_certificate_that_is_over_is_renewed_by_the_playbook(town: Town) -> None:
    town.node.run(program(EXPIRED) + f"{PYTHON} /tmp/program.py > /tmp/new; cat /tmp/new > {STATE}/node.pem")
    _, counts, said = town.playbook.run("--tags", "edge")
    assert counts["kurpark_see"]["failed"] == 0, said[-4000:]
    assert town.doctor()["certificate"]["level"] == "ok"
    began = time.monotonic()
    while town.doctor()["broker"]["level"] != "ok":
        assert time.monotonic() - began < 30, town.node.run("journalctl -u stadtknoten-edge -n 20").stdout
        time.sleep(1)


def test_a_given_web_certificate_is_served_and_one_with_a_strange_key_changes_nothing(
    town: Town, tmp_path: Path
) -> None:
    for name in ("web", "other"):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.crt")]
        command += ["-days", "30", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:hub.box"]
        subprocess.run(command, check=True, capture_output=True)
    options = ("--limit", "hub", "--tags", "hub", "-e", f"hub_tls_certificate={tmp_path}/web.crt", "-e")
    before = town.hub.run("sha256sum /etc/stadtknoten-hub/web.crt").stdout
    _, counts, said = town.playbook.run(*options, f"hub_tls_key={tmp_path}/other.key")
    assert counts["hub"]["failed"] == 1
    assert "other.key is not the key of" in " ".join(said.split())
    assert town.hub.run("sha256sum /etc/stadtknoten-hub/web.crt").stdout == before
    _, counts, said = town.playbook.run(*options, f"hub_tls_key={tmp_path}/web.key")
    assert counts["hub"]["failed"] == 0, said[-4000:]
    shutil.copy(tmp_path / "web.crt", town.hub.root_path("/var/tmp/web.crt"))
    code = "curl -sS -o /dev/null -w '%{http_code}' --cacert /var/tmp/web.crt https://hub.box/parken"
    assert town.hub.run(code).stdout == "200"
    _, counts, said = town.playbook.run("--limit", "hub", "--tags", "hub")
    assert counts["hub"]["failed"] == 0, said[-4000:]
    assert town.hub.run("sha256sum /etc/stadtknoten-hub/web.crt").stdout == before


def test_the_nightly_backup_leaves_a_dump_and_the_keys_apart(town: Town) -> None:
    town.hub.run("systemctl start stadtknoten-hub-backup")
    names = town.hub.run("ls /var/backups/stadtknoten").stdout.split()
    assert sorted(name.partition("-")[0] for name in names if not name.startswith("files")) == ["database", "keys"]
    dump = next(name for name in names if name.startswith("database"))
    assert "TABLE DATA" in town.hub.run(f"pg_restore --list /var/backups/stadtknoten/{dump}").stdout


def code_for_the_node(town: Town) -> str:
    return str(json.loads(town.hub.run("stadtknoten-hub node enrol kurpark_see --json").stdout)["code"])


def well_within(town: Town, seconds: float) -> None:
    """Nothing of the node may stay bad."""
    began = time.monotonic()
    while bad := [row for row in town.doctor().values() if row["level"] == "bad"]:
        assert time.monotonic() - began < seconds, (bad, town.node.run("journalctl -u stadtknoten-edge -n 20").stdout)
        time.sleep(1)


def test_a_code_alone_enrols_a_node_whose_system_does_not_know_the_towns_authority(town: Town) -> None:
    town.node.run("rm /usr/local/share/ca-certificates/stadtknoten.crt; update-ca-certificates --fresh >/dev/null 2>&1")
    assert town.node.run("curl -sS https://hub.box/healthz", check=False).returncode == 60, "the system believes nobody"
    town.node.run(f"stadtknoten-edge enrol {code_for_the_node(town)} && systemctl restart stadtknoten-edge")
    well_within(town, 30)


def test_a_given_code_always_enrols_and_a_hub_that_is_down_stops_nothing(town: Town, tmp_path: Path) -> None:
    serial = f"openssl x509 -noout -serial -in {STATE}/node.pem"
    before, key = town.node.run(serial).stdout, town.node.run(f"grep ^hub_key {CONFIG}").stdout
    away = tmp_path / "away.json"
    nowhere = {"ansible_host": "away", "ansible_ssh_common_args": "-o ProxyCommand=false"}
    away.write_text(json.dumps({"all": {"hosts": {"hub": nowhere}}}))
    options = ("-i", str(away), "--limit", "kurpark_see", "-e", f"edge_enrol_code={code_for_the_node(town)}")
    _, counts, said = town.playbook.run(*options)
    assert (counts["kurpark_see"]["failed"], counts["kurpark_see"]["unreachable"]) == (0, 0), said[-4000:]
    assert "UNREACHABLE" in said
    assert town.node.run(serial).stdout != before, "its certificate was good, the code counts"
    assert town.node.run(f"grep ^hub_key {CONFIG}").stdout == key, "what the hub said before"
    well_within(town, 30)


def test_new_names_of_hub_and_wifi_reach_everything(town: Town) -> None:
    """From here on the hub is called new.box."""
    for box in (town.hub, town.node):
        box.run("echo 10.9.0.1 new.box >> /etc/hosts")
    chosen = json.loads(town.playbook.config.read_text())
    town.playbook.config.write_text(json.dumps({**chosen, "town_hub_name": "new.box", "town_wifi_name": "Neues WLAN"}))
    _, counts, said = town.playbook.run()
    assert all(found["failed"] == found["unreachable"] == 0 for found in counts.values()), said[-6000:]
    for box in (town.hub, town.node):
        box.run("sed -i 's/hub.box//' /etc/hosts")
    town.node.run("systemctl restart stadtknoten-edge")  # no line from before
    well_within(town, 30)
    assert " online " in town.hub.run("stadtknoten-hub node list").stdout
    assert 'url = "mqtts://new.box:8883"' in town.node.run(f"cat {CONFIG}").stdout
    hostapd = town.node.run("cat /etc/stadtknoten/hostapd.conf").stdout
    assert f"ssid2={b'Neues WLAN'.hex()}" in hostapd
    assert town.node.run("stadtknoten-edge renew", check=False).returncode == 0
    _, counts, said = town.playbook.run()
    assert unchanged(counts), said[-6000:]


def test_a_revoked_node_is_off_at_once(town: Town) -> None:
    town.hub.run("stadtknoten-hub node revoke kurpark_see")
    began = time.monotonic()
    while town.doctor()["broker"]["level"] != "bad":
        assert time.monotonic() - began < 40, "still connected"
        time.sleep(1)
    assert "enrol" in town.doctor()["broker"]["advice"]


def test_taking_it_off_leaves_nothing_of_it(town: Town) -> None:
    seconds, counts, said = town.playbook.run("-e", "stadtknoten_state=absent", "-e", "hub_delete_data=true")
    assert all(found["failed"] == 0 for found in counts.values()), said[-6000:]
    figure(f"taken off in {seconds:.1f} s")
    for box in (town.hub, town.node):
        assert left_behind(box) == []
        assert box.run("systemctl --failed --no-legend --plain").stdout.strip() == ""


def left_behind(box: Box) -> list[str]:
    """Files, users, groups, units, tables and interfaces of ours that are still there."""
    places = "/etc /opt /usr /var/lib /var/backups /run /home /root"
    found = box.run(f"find {places} -xdev -iname '*stadtknoten*' 2>/dev/null; true").stdout.splitlines()
    found += box.run("getent passwd; getent group").stdout.splitlines()
    found += box.run(
        "systemctl list-unit-files --no-legend 'stadtknoten*'; nft list tables; ip -br link"
    ).stdout.splitlines()
    kept = "/etc/sudoers.d/stadtknoten"  # people stay, and what they may
    return [line for line in found if re.search(r"stadtknoten|portal|^lan0\b", line) and line != kept]


def test_it_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """The figures once more, together, and whoever captures output sees them."""
    assert len(FIGURES) >= 8
    with capsys.disabled():
        print("\nfigures of the box:", *FIGURES, sep="\n  ")
