#!/usr/bin/env bash
# Public npm clients drive freshly started emulators: conformance/clients/run.sh
#
# CLIENTS_WORK  where the clients are installed (default: below TMPDIR); nothing is installed into the repository
# TANDEM        the program to test (default: built from this repository)
#
# Needs Node 20 or later and npm. Prints a line for each client with the number of its steps; the first step that fails
# ends it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CLIENTS_WORK:-${TMPDIR:-/tmp}/tandem-clients}
mkdir -p "$work"
if ! cmp -s "$here/package.json" "$work/package.json" || [ ! -d "$work/node_modules" ]; then
  cp "$here/package.json" "$work/"
  (cd "$work" && npm install --silent --no-audit --no-fund --no-package-lock)
fi
cp "$here"/*.mjs "$work/"
if [ -z "${TANDEM:-}" ]; then
  TANDEM=$work/tandem
  (cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$TANDEM" ./cmd/tandem)
fi

emulator=
stop() {
  if [ -n "$emulator" ]; then kill "$emulator" 2>/dev/null || true; wait "$emulator" 2>/dev/null || true; fi
  emulator=
}
trap stop EXIT

# serve FLAGS starts a site on a free port and sets HOST, EMAIL and API_TOKEN from what it announces.
serve() {
  stop
  rm -rf "$work/site"
  : >"$work/emulator.log"
  "$TANDEM" emulator serve --listen 127.0.0.1:0 --seed 11 --state "$work/site" "$@" >"$work/emulator.log" 2>&1 &
  emulator=$!
  until grep -q "ready on" "$work/emulator.log"; do
    kill -0 "$emulator" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
    sleep 0.1
  done
  HOST=$(sed -n 's|.*ready on \(http://[^ ,]*\).*|\1|p' "$work/emulator.log")
  HOST=${HOST%/wiki}
  EMAIL=$(sed -n 's|.*account \([^ ,]*\),.*|\1|p' "$work/emulator.log")
  API_TOKEN=$(cat "$work/site/admin-token")
  export HOST EMAIL API_TOKEN
}

printf 'options: {ER-16: legacy-v1, CQ-01: 1s}\nrules: []\n' >"$work/legacy.yaml"
cd "$work"
serve --personality cloud
node cloud.mjs
serve --personality cloud --faults "$work/legacy.yaml"
node legacy.mjs
for version in ${CLIENTS_DC:-7.19 8.5 9.2 10.2}; do
  serve --personality dc --version "$version"
  node dc.mjs | sed "s|\$| $version|"
done
