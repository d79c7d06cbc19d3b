#!/usr/bin/env bash
# How many instructions a frame costs at 10,000 lanes, counted by callgrind, held against the limit.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=3000000
command -v valgrind >/dev/null || { echo "valgrind is missing: install valgrind" >&2; exit 1; }

# Built without link-time optimization: it takes a third of the time, and only makes counts larger.
export CARGO_PROFILE_BENCH_LTO=off CARGO_PROFILE_BENCH_CODEGEN_UNITS=16
program=$(cargo bench --locked --no-run --bench instructions --message-format json |
  python3 -c '
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    if told.get("executable") and told["target"]["name"] == "instructions":
        print(told["executable"])
')

count() { # KIND FRAMES
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
    awk '/Collected :/ { print $NF }'
}
failed=0
for kind in tick key news; do
  few=$(count "$kind" 5)
  many=$(count "$kind" 55)
  each=$(((many - few) / 50))
  echo "a frame after a $kind, 10,000 lanes, 120x40: $each instructions (limit $limit)"
  [ "$each" -le "$limit" ] || failed=1
done
exit "$failed"
