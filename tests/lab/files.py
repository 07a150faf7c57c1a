"""The files that the lab writes: node.toml, names, hostapd without a radio, and what the DHCP client calls."""

NODE_NAMES = """
user=root
no-resolv
pid-file={directory}/dnsmasq.pid
server={internet4}
"""

# The names of the internet: one for the walled garden, everything else elsewhere.
INTERNET_NAMES = """
no-resolv
no-hosts
user=root
port=53
bind-interfaces
listen-address={internet4}
pid-file={directory}/names.pid
address=/garden.test/{garden4}
address=/garden.test/{garden6}
address=/#/{internet4}
address=/#/{internet6}
"""

NODE = """
[node]
name = "kurpark_see"
label = "Kurpark am See"
[state]
directory = "{directory}/state"
[portal]
listen = "*:8081"
host = "{host}"
session_minutes = 60
services_url = "http://stadt.test/"
certificate = "{directory}/portal.pem"
certificate_key = "{directory}/portal.key"
metrics = "127.0.0.1:9101"
[network]
lan = "lan0"
wan = "wan0"
ipv4 = "10.77.0.1/16"
ipv6 = "fd77:77::1/64"
gate_socket = "{directory}/gate/gate.sock"
gate_store = "{directory}/gate-store/sessions.db"
store_key = "{directory}/gate-store/store.key"
lease_file = "{directory}/dnsmasq.leases"
portal_user = "nobody"
extra_rules = "{directory}/extra.nft"
hostapd = "{directory}/hostapd"
[radio]
ssid = "Lab"
[garden]
names = ["garden.test"]
[roaming]
key_file = "{directory}/gate-store/device.key"
hub_key = "{hub_key}"
[limits]
download_mbit = 8
upload_mbit = 4
quota_mb = {quota_mb}
clients = {places}
"""

HOSTAPD = """
interface=lan0
driver=none
ctrl_interface={directory}/hostapd
ssid=Lab
"""

# What udhcpc calls with the lease in its environment.
DHCP_SCRIPT = """#!/bin/sh
case "$1" in
  bound|renew)
    ip addr replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router"
    echo "nameserver $dns" > "{resolv}"
    env > "{lease}"
    ;;
esac
"""
