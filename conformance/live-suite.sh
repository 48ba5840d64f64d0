#!/usr/bin/env bash
# Runs the live test suite of the public client confluence.js, written against real Cloud sites, against a freshly
# started emulator, once for each seed, and prints how many tests of each file pass. A skipped test counts as failed.
#
#   CONFLUENCE_JS=/path/to/checkout conformance/live-suite.sh [v1|v2|v1/space ...]
#
# CONFLUENCE_JS     a checkout of github.com/MrRefactoring/confluence.js at commit eaad9e0; it is only read
# LIVE_SUITE_WORK   where the suite is copied to and its four npm packages are installed (default: below TMPDIR)
# LIVE_SUITE_SEEDS  seeds of the emulated site, separated by blanks (default: "7 20260721")
# LIVE_SUITE_BOUND  per cent of the tests that must pass with each seed (default: 95)
# LIVE_SUITE_AUDIT  1: also runs the suite's strict audit of schemas and lists what it found
# TANDEM            the program to test (default: built from this repository)
#
# Nothing of the suite enters this repository. Node 20 or later and npm are needed, and only here.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${CONFLUENCE_JS:-}" ] || [ ! -d "${CONFLUENCE_JS:-}/tests/live" ]; then
  echo "live-suite: CONFLUENCE_JS must name a checkout of confluence.js (commit eaad9e0)" >&2
  exit 2
fi
work=${LIVE_SUITE_WORK:-${TMPDIR:-/tmp}/tandem-live-suite}
bound=${LIVE_SUITE_BOUND:-95}

# The files in scope: what a migration and sync product touches. The others are about analytics, classification,
# redaction, admin keys and apps.
scope=(v1/space v1/content v1/contentLabels v1/contentAttachments v1/contentRestrictions
  v1/contentChildrenAndDescendants v1/contentVersions v1/contentBody v1/group v1/users v1/search v1/longRunningTask
  v1/template v1/spacePermissions
  v2/page v2/blogPost v2/space v2/attachment v2/comment v2/label v2/contentProperties v2/spaceProperties v2/children
  v2/ancestors v2/descendants v2/version v2/task v2/folder v2/spacePermissions v2/user v2/operation)

files=()
for file in "${scope[@]}"; do
  if [ $# -eq 0 ]; then files+=("tests/live/$file.test.ts"); fi
  for want in "$@"; do
    case "$file" in "$want" | "$want"/*) files+=("tests/live/$file.test.ts") ;; esac
  done
done
for want in "$@"; do # a file out of scope can be named, too
  [ -f "$CONFLUENCE_JS/tests/live/$want.test.ts" ] && [[ ! " ${scope[*]} " == *" $want "* ]] && files+=("tests/live/$want.test.ts")
done
[ ${#files[@]} -gt 0 ] || { echo "live-suite: no such file: $*" >&2; exit 2; }

mkdir -p "$work"
work=$(cd "$work" && pwd)
rm -rf "$work/src" "$work/tests" "$work/results"
cp -R "$CONFLUENCE_JS/src" "$CONFLUENCE_JS/tests" "$work/"
cp "$CONFLUENCE_JS"/vitest.config.live.ts "$CONFLUENCE_JS"/vitest.config.audit.ts "$work/"
mkdir "$work/results"
if [ ! -x "$work/node_modules/.bin/vitest" ]; then
  echo '{"private":true,"type":"module","imports":{"#/*":"./src/*"}}' >"$work/package.json"
  (cd "$work" && npm install --silent --no-audit --no-fund vitest@4 vite@7 dotenv@17 zod@4)
fi
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

# serve SEED starts a site on a free port and sets HOST, EMAIL and API_TOKEN from what it announces.
serve() {
  stop
  rm -rf "$work/site"
  : >"$work/emulator.log"
  "$TANDEM" emulator serve --personality cloud --listen 127.0.0.1:0 --seed "$1" --state "$work/site" >"$work/emulator.log" 2>&1 &
  emulator=$!
  for _ in $(seq 100); do
    grep -q "ready on" "$work/emulator.log" && break
    kill -0 "$emulator" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
    sleep 0.1
  done
  HOST=$(sed -n 's|.*ready on \(http://[^ ]*\)/wiki.*|\1|p' "$work/emulator.log")
  EMAIL=$(sed -n 's|.*account \([^ ,]*\),.*|\1|p' "$work/emulator.log")
  API_TOKEN=$(cat "$work/site/admin-token")
  export HOST EMAIL API_TOKEN
  # No real site is without a space; the suite reads those that there are.
  curl -fsS -o /dev/null -u "$EMAIL:$API_TOKEN" -H 'Content-Type: application/json' -H 'X-Atlassian-Token: no-check' \
    -d '{"key":"START","name":"Getting started"}' "$HOST/wiki/rest/api/space"
}

for seed in ${LIVE_SUITE_SEEDS:-7 20260721}; do
  serve "$seed"
  (cd "$work" && node_modules/.bin/vitest run --config vitest.config.live.ts --reporter=json \
    --outputFile="results/$seed.json" "${files[@]}" >"results/$seed.log" 2>&1) || true
  if [ "${LIVE_SUITE_AUDIT:-}" = 1 ]; then
    serve "$seed"
    mkdir -p "$work/node_modules/.cache"
    rm -f "$work/node_modules/.cache/schema-audit.jsonl"
    (cd "$work" && node_modules/.bin/vitest run --config vitest.config.audit.ts "${files[@]}" \
      >"results/$seed.audit.log" 2>&1) || true
    [ ! -f "$work/node_modules/.cache/schema-audit.jsonl" ] || cp "$work/node_modules/.cache/schema-audit.jsonl" "$work/results/$seed.audit.jsonl"
  fi
  stop
done

node "$root/conformance/live-suite.mjs" "$work" "$bound" "${files[@]}"
