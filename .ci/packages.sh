#!/bin/sh
# Installs the servers and tools that the tests use (Debian and its children), without starting any service.
# `packages.sh slow` also those that only `make slow` needs.
# Elsewhere, or without root, it says which suites cannot run; with CI=true that is a failure.
set -eu

# command:package pairs; the suites that need them
needed="mosquitto:mosquitto dnsmasq:dnsmasq-base nft:nftables ip:iproute2 udhcpc:udhcpc chromium:chromium curl:curl \
ping:iputils-ping victoria-metrics:victoria-metrics hostapd:hostapd mmdebstrap:mmdebstrap ssh:openssh-client \
systemd-analyze:systemd openssl:openssl qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs"
[ "${1:-}" != slow ] || needed="$needed qemu-aarch64-static:qemu-user-static arch-test:arch-test git:git make:make"

missing() {
    for pair in $needed; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair#*:}"
    done
    ls /usr/lib/*/libpcap.so.0.8 >/dev/null 2>&1 || printf 'libpcap0.8 '
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || printf 'postgresql '
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

can_install() {
    command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

install() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then  # forbids starting services while packages are configured
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy"
        trap 'as_root rm -f '"$policy" EXIT
    fi
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

packages=$(missing)
[ -n "$packages" ] || exit 0
if can_install; then
    echo "stadtknoten: installing for the tests: $packages"
    install $packages || true
fi
packages=$(missing)
[ -n "$packages" ] || exit 0
echo "stadtknoten: these programs are missing, the suites that need them cannot run here: $packages"
echo "stadtknoten: on Debian run as root or with sudo, or: apt install $packages"
[ "${CI:-}" != true ] || exit 1
