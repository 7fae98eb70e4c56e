#!/usr/bin/env bash
# Sees to it that what the live tests talk to is there: Perl with the session
# modules, strace, and a C compiler for the race detector. Installs the Debian
# packages that are missing where it may, and names them where it may not.
set -euo pipefail

missing=()
need() { # need PACKAGE COMMAND...: PACKAGE is missing unless COMMAND succeeds
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}

need perl perl -MStorable -MData::Dumper -MJSON::PP -e1
need libcgi-session-perl perl -MCGI::Session -e1
need libapache-session-perl perl -MApache::Session -e1
need libdbd-sqlite3-perl perl -MDBD::SQLite -e1
need libjson-perl perl -MJSON -e1
need libjson-xs-perl perl -MJSON::XS -e1
need libfreezethaw-perl perl -MFreezeThaw -e1
need libyaml-tiny-perl perl -MYAML::Tiny -e1
need libyaml-libyaml-perl perl -MYAML::XS -e1
need libyaml-syck-perl perl -MYAML::Syck -e1
need libyaml-perl perl -MYAML -e1
need libapache-session-browseable-perl perl -MApache::Session::Serialize::Hstore -e1
need libdbd-pg-perl perl -MDBD::Pg -e1
need libdbd-mysql-perl perl -MDBD::mysql -e1
need libdbd-odbc-perl perl -MDBD::ODBC -e1
need libcache-memcached-perl perl -MCache::Memcached -e1
need libcgi-session-driver-memcached-perl perl -MCGI::Session::Driver::memcached -e1
need libberkeleydb-perl perl -MBerkeleyDB -e1
need libdb5.3-dev test -e /usr/include/db.h
need libredis-perl perl -MRedis -e1
need postgresql find /usr/lib/postgresql -name postgres -path '*/bin/*'
need mariadb-server command -v mariadbd
need memcached command -v memcached
need redis-server command -v redis-server
need unixodbc command -v odbcinst
need libsqliteodbc sh -c 'ls /usr/lib/*/odbc/libsqlite3odbc.so'
need odbc-postgresql sh -c 'ls /usr/lib/*/odbc/psqlodbcw.so'
need odbc-mariadb sh -c 'ls /usr/lib/*/odbc/libmaodbc.so'
need libhsqldb-java test -e /usr/share/java/hsqldb.jar
need default-jdk-headless command -v javac
need nodejs command -v node
need npm command -v npm
need chromium command -v chromium
need strace command -v strace
[ "$("$(dirname "$0")/cgo.sh")" = 1 ] || missing+=(gcc libc6-dev)

[ ${#missing[@]} -gt 0 ] || exit 0
install="apt-get install -y --no-install-recommends ${missing[*]}"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	policy=/usr/sbin/policy-rc.d # the servers are for the tests to start
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		trap 'rm -f $policy' EXIT
	fi
	if apt-get update -qq && $install >/dev/null; then
		exit 0
	fi
fi
echo "The live tests need what is not here. On Debian: sudo $install" >&2
[ "${CI:-}" != true ]
