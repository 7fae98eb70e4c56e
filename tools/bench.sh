#!/usr/bin/env bash
# The benchmarks of every module, the comparison with other libraries among
# them, COUNT times. The machine comes first: figures mean nothing without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
echo "machine: ${cpu:-unknown processor}, $(nproc) cores, $(uname -sr), $(go version | cut -d' ' -f3-)"

grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u |
	xargs -r go test -run '^$' -bench "${BENCH:-.}" -benchmem -count "${COUNT:-1}"
