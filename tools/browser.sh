#!/usr/bin/env bash
# Installs Debian's Chromium for the tests of the web app where there is none and that can be done; without one they
# are skipped.
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the tests of the web app …"
  { apt-get update -q && apt-get install -y -q chromium; } >/dev/null 2>&1 ||
    echo "Chromium could not be installed: tests in a browser are skipped" >&2
fi
