#!/usr/bin/env bash
# Every module of go.work through gofmt, go vet, staticcheck and go fix. All of
# them run before the first fault makes the script fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0
export GOFLAGS="${GOFLAGS:--tags=$(tools/tags.sh)}"

echo "gofmt"
unformatted=$(gofmt -s -l .) || bad=1
if [ -n "$unformatted" ]; then
	printf 'not gofmt-ed:\n%s\n' "$unformatted"
	bad=1
fi

echo "go vet"
go vet work || bad=1

echo "staticcheck"
staticcheck=$(cd tools && GOWORK=off go tool -n staticcheck)
"$staticcheck" -checks inherit,ST1000,ST1016,ST1020,ST1021 work || bad=1
(cd tools && GOWORK=off go vet ./...) || bad=1

echo "go fix -diff" # omitzero would change what a struct means
go fix -diff -omitzero=false work || bad=1

exit $bad
