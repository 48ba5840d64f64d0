#!/usr/bin/env bash
# make conformance: every check of the emulator and the connectors that needs nothing fetched by hand, a line each with
# its counts. Ends with 1 if one did not hold.
#
# What needs the reference data beside the repository is left out where that is missing, and says so. The checks with
# public npm clients need Node and npm. conformance/live-suite.sh, which needs a checkout of a public client, is a check
# of its own.
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# told prints what a test said for this report: its lines that begin with "conformance:".
told() { sed -n 's/^ *[A-Za-z0-9_./-]*_test\.go:[0-9]*: conformance: //p' "$1" | paste -sd ';' | sed 's/;/; /g'; }

# check NAME PACKAGE TESTS runs tests by name; a pattern that matches no test is a failure.
check() {
  local name=$1 package=$2 tests=$3 out=$work/out verdict
  go test -count=1 -timeout 20m -v -run "$tests" "$package" >"$out" 2>&1
  local code=$?
  local passed skipped
  passed=$(grep -c '^--- PASS' "$out")
  skipped=$(grep -c '^--- SKIP' "$out")
  if [ $code -ne 0 ] || [ $((passed + skipped)) -eq 0 ]; then
    verdict=FAIL
    failed=1
  elif [ "$passed" -eq 0 ]; then
    verdict=skip
  else
    verdict=ok
  fi
  printf '%-4s  %-34s %d tests passed, %d left out. %s\n' "$verdict" "$name" "$passed" "$skipped" "$(told "$out")"
  if [ $verdict = FAIL ]; then tail -n 40 "$out" >&2; fi
}

# All tests once, gathering an answer of each shape for the first checks.
if [ -z "${ANSWERS:-}" ]; then
  ANSWERS=$work/answers
  if TANDEM_ANSWERS=$ANSWERS go test -count=1 -timeout 20m ./... >"$work/whole" 2>&1; then
    printf 'ok    %-34s %d packages\n' "all tests" "$(grep -c '^ok' "$work/whole")"
  else
    printf 'FAIL  %-34s\n' "all tests"
    grep -v '^ok\|no test files' "$work/whole" | tail -n 60 >&2
    failed=1
  fi
fi
export TANDEM_CHECK_ANSWERS=$ANSWERS
spec=./internal/emulator/vendorspec
emulator=./internal/emulator
check "answers as documented" $spec 'TestAnswersOfWholeRun'
check "operations exercised" $spec 'TestOperationsExercised'
check "reviewed exceptions" $spec 'TestExceptions|TestDocuments|TestCheck'
check "recorded answers, their shapes" $emulator 'TestRecorded'
check "recorded answers, read by cloud" ./internal/cloud 'TestRecorded'
check "recorded answers, read by dc" ./internal/dc 'TestRecorded'
check "one suite: cloud" ./internal/cloud 'TestConformance'
check "one suite: dc, four versions" ./internal/dc 'TestConformance'
check "one suite: xmlexport" ./internal/xmlexport 'TestConformance'
check "register of behaviours" $emulator 'TestRegister|^TestRow_'
check "normalisation rows fire" ./internal/emulator/markup 'TestRows|TestEditorRows|TestWritesLeave|TestRow_'
check "normalisation, our digest" ./internal/engine 'TestRowsLeaveTheContent|TestServersLeaveTheContentOfRealBodies'
check "every visible text counts" ./internal/body 'TestEveryVisibleTextCounts'
check "fuzzed requests" $emulator 'TestFuzzedRequests'
check "real exports into the emulator" $emulator 'TestImport'
check "real exports, migrated and proved" ./internal/engine 'TestRealExports'
check "soak, short" ./internal/cli/conformance 'TestSoak'

if command -v npm >/dev/null 2>&1; then
  if CLIENTS_WORK=$work/clients bash conformance/clients/run.sh >"$work/clients.out" 2>&1; then
    printf 'ok    %-34s %s\n' "public npm clients" "$(paste -sd ';' "$work/clients.out" | sed 's/;/; /g')"
  else
    printf 'FAIL  %-34s\n' "public npm clients"
    tail -n 5 "$work/clients.out" >&2
    failed=1
  fi
else
  printf 'skip  %-34s %s\n' "public npm clients" "npm is not installed"
fi
if go run ./cmd/tandem bench --suite emulator >"$work/bench.out" 2>&1; then
  printf 'ok    %-34s %s\n' "speed" "$(sed -n 's/^emulator  *\([a-z_0-9]*\)  *\([0-9.e+]*\).*/\1 \2/p' "$work/bench.out" | paste -sd ',' | sed 's/,/, /g')"
else
  printf 'FAIL  %-34s\n' "speed"
  tail -n 20 "$work/bench.out" >&2
  failed=1
fi
exit $failed
