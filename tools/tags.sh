#!/usr/bin/env bash
# Prints the build tags for what is on this machine, as go's -tags wants them: bdb where
# a program can be built with libdb 5.3.
tools=$(dirname "${BASH_SOURCE[0]}")
[ "${CGO_ENABLED:-$("$tools/cgo.sh")}" = 1 ] || exit 0
if echo '#include <db.h>' | $(go env CC) -x c -fsyntax-only - 2>/dev/null; then
	echo bdb
fi
