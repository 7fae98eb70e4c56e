#!/usr/bin/env bash
# Each fuzz target of each module for FUZZTIME. A failing input is kept by go
# test under the package's testdata/fuzz, to be committed with the mend.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0

for package in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' work); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10m}" "$package" || bad=1
	done
done
exit $bad
