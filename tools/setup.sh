#!/usr/bin/env bash
# Makes .venv from requirements.lock; does nothing where that is done. Needs Python 3.11 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-}
for candidate in $python python3 python3.14 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
  python=
done
[ -n "$python" ] || { echo "climbpath needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python" >&2; exit 2; }

stamp=.venv/.installed
if [ -f "$stamp" ] && cmp -s requirements.lock "$stamp"; then exit 0; fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q && apt-get install -y -q python3-venv
  else
    echo "Python's venv module is missing: on Debian or Ubuntu run 'sudo apt-get install python3-venv'" >&2
    exit 2
  fi
fi
echo "Installing climbpath into .venv (the first time takes some minutes) …"
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
cp requirements.lock "$stamp"
