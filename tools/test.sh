#!/usr/bin/env bash
# Everything that has to hold before a change goes in. Each step runs, whatever
# the ones before it found; the plain tests come last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0

tools/setup.sh || bad=1
export GOFLAGS="-tags=$(tools/tags.sh)" # after setup, which may bring what a tag is for
tools/lint.sh || bad=1

echo "tools"
GOWORK=off go test -C tools ./... || bad=1

CGO_ENABLED=$(tools/cgo.sh)
export CGO_ENABLED
if [ "$CGO_ENABLED" = 1 ]; then
	echo "go test -race, what goroutines share"
	go test -race -short . ./sessionhttp/... ./sessionid/... ./store/... || bad=1

	echo "go test without cgo, the command"
	CGO_ENABLED=0 go test ./cmd/datasession/... || bad=1
else
	echo "no C compiler: the race detector does not run" >&2
fi

echo "go test, every module"
DATASESSION_FULL=1 go test -count=1 -json work | GOWORK=off go run -C tools ./testlog || bad=1
exit $bad
