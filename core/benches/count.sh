#!/usr/bin/env bash
# usage: core/benches/count.sh
# Counts the instructions of one check of the limiter with callgrind: those of the keyed hash, and all others.
# It fails when the others are more than 150, which is what the limiter promises itself.
set -eu
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "install valgrind"; exit 1; }
binary=$(cargo bench -q -p tokensmith --bench count --no-run --message-format=json |
    grep -o '"executable":"[^"]*/count-[^"]*"' | cut -d'"' -f4)
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# Of so many checks of a kind: instructions in the hash, and in the rest of `take_now`.
count() {
    valgrind -q --tool=callgrind --callgrind-out-file="$out" "$binary" "$1" "$2" >/dev/null 2>&1
    callgrind_annotate --auto=no --threshold=100 "$out" | awk '
        { gsub(/,/, "", $1) }
        /limiter::tag::digest/ { hash += $1 }
        /MemoryLimiter::take_now|limiter::memory::t|Tagger::tag/ { rest += $1 }
        END { print hash + 0, rest + 0 }'
}

status=0
for kind in granted refused; do
    read -r hash few < <(count "$kind" 100000)
    read -r more_hash more < <(count "$kind" 200000)
    rest=$(((more - few) / 100000))
    echo "$kind: $(((more_hash - hash) / 100000)) instructions in the hash, $rest besides"
    [ "$rest" -gt 0 ] && [ "$rest" -le 150 ] || status=1
done
exit $status
