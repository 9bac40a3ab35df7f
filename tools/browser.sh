#!/usr/bin/env bash
# Installs Debian's Chromium for tests/browser where there is none and root can; without it those tests are skipped.
set -uo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
# elsewhere the package's name stands for something else: on Ubuntu it is a snap
if ! grep -qs '^ID=debian' /etc/os-release || [ "$(id -u)" != 0 ]; then exit 0; fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing Chromium for the tests of the web app …"
if ! { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1; then
  echo "Chromium could not be installed: tests/browser will be skipped" >&2
fi
exit 0
