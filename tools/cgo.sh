#!/usr/bin/env bash
# Prints 1 if a C program compiles here, else 0, as CGO_ENABLED wants it. A
# compiler without the headers of its library counts for nothing.
if echo '#include <stdlib.h>' | $(go env CC) -x c -fsyntax-only - 2>/dev/null; then
	echo 1
else
	echo 0
fi
