#!/usr/bin/env bash
# Everything that has to hold before a change goes in.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/setup.sh
tools/lint.sh
GOWORK=off go test -C tools ./...

# What several goroutines share.
CGO_ENABLED=$(tools/cgo.sh)
export CGO_ENABLED
if [ "$CGO_ENABLED" = 1 ]; then
	echo "go test -race"
	go test -race -short . ./sessionhttp/... ./sessionid/... ./store/...

	echo "the command without cgo"
	CGO_ENABLED=0 go test ./cmd/datasession/...
else
	echo "no C compiler: the race detector does not run" >&2
fi

echo "go test, every module"
go test -count=1 -json work | GOWORK=off go run -C tools ./testlog
