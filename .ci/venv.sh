#!/bin/sh
# Builds .venv from the locks: `venv.sh` for the hub and a node, `venv.sh tests` with the tests' tools as well.
# Does nothing when the locks have not changed. PYTHON=... chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "stadtknoten: $*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 1; fi
}

good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && good_python "$candidate"; then command -v "$candidate"; return; fi
    done
    say "Python 3.11 or newer is needed. On Debian 12 or Raspberry Pi OS: sudo apt install python3 python3-venv" >&2
    exit 1
}

# lgpio has no wheel for Python 3.13 on arm64: there the system's own package is seen through the environment.
system_lgpio() { [ "$(uname -m)" = aarch64 ] && ! "$1" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; }

make_venv() {
    python=$(find_python)
    flags=
    if system_lgpio "$python"; then
        flags=--system-site-packages
        "$python" -c 'import lgpio' 2>/dev/null || as_root apt-get install -y -q --no-install-recommends python3-lgpio \
            || say "python3-lgpio is missing: real sensor pins will not work (sudo apt install python3-lgpio)"
    fi
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        say "python3-venv is missing, installing it"
        as_root apt-get update -q && as_root apt-get install -y -q --no-install-recommends python3-venv || {
            say "Please install it by hand: sudo apt install python3-venv" >&2
            exit 1
        }
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear $flags .venv
}

install_locks() {
    for lock in "$@"; do
        say "installing $lock"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    done
    # The project itself: a path file and three small launchers need no build tools.
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pwd > "$site/stadtknoten.pth"
    for pair in hub:hub edge:edge portal:captive_portal; do
        script=.venv/bin/stadtknoten-${pair%%:*}
        printf '#!/bin/sh\nexec "%s" -m %s "$@"\n' "$(pwd)/.venv/bin/python" "${pair#*:}" > "$script"
        chmod +x "$script"
    done
}

locks="edge/requirements.lock hub/requirements.lock"
# The system's npm, not the one that an earlier run put into .venv: whoever has that in PATH would install everything anew.
system_npm() ( PATH=$(printf '%s' "$PATH" | sed "s|$(pwd)/.venv/bin:||g"); command -v npm >/dev/null 2>&1 )
system_npm || locks="$locks hub/assets/requirements.lock"
wanted=$(cat $locks .ci/venv.sh | sha256sum)
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || make_venv
if [ "$(cat .venv/installed 2>/dev/null)" != "$wanted" ]; then
    install_locks $locks
    printf '%s\n' "$wanted" > .venv/installed
fi
if [ "${1:-}" = tests ]; then
    wanted=$(sha256sum < tests/requirements.lock)
    if [ "$(cat .venv/installed-tests 2>/dev/null)" != "$wanted" ]; then
        install_locks tests/requirements.lock
        printf '%s\n' "$wanted" > .venv/installed-tests
    fi
fi
