package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/internal/perltest"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/store/sqlstore"
)

// PerlPurged is how many of Perl's sessions the benchmarks purge, and NativePurged how
// many in the native layout: those that the project has promised figures for, or the
// number in DATASESSION_PURGE.
var (
	PerlPurged   = purged(100_000)
	NativePurged = purged(1_000_000)
)

func purged(n int) int {
	if set, err := strconv.Atoi(os.Getenv("DATASESSION_PURGE")); err == nil {
		return set
	}
	return n
}

// perlSessions are the serializers of CGI::Session, and ours.
var perlSessions = []struct {
	serializer string
	codec      codec.Codec
}{
	{"default", dumper.Codec{Tail: true}},
	{"storable", storable.Codec{}},
}

// fillPerl stores n sessions of CGI::Session, of some 500 bytes each, in a table. Three in
// ten have expired.
func fillPerl(t testing.TB, d Database, db *sql.DB, table string, c codec.Codec, n int) {
	t.Helper()
	const rows = 50
	one := make([]string, rows)
	for i := range one {
		bind := d.Dialect.Bind
		one[i] = "(" + bind(2*i+1) + "," + bind(2*i+2) + ")"
	}
	insert := "INSERT INTO " + table + " (id, a_session) VALUES " + strings.Join(one, ",")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var args []any
	now := time.Now().Unix()
	for i := range n {
		id := fmt.Sprintf("%032x", uint64(i)*0x9E3779B97F4A7C15)
		atime := now - int64(i%600)
		if i%10 < 3 {
			atime -= 7200
		}
		s := perl.NewHash(12)
		s.Set("_SESSION_ID", perl.Bytes(id))
		s.Set("_SESSION_CTIME", perl.Int(now-20000))
		s.Set("_SESSION_ATIME", perl.Int(atime))
		s.Set("_SESSION_ETIME", perl.Int(3600))
		s.Set("_SESSION_REMOTE_ADDR", perl.Bytes("192.0.2.1"))
		s.Set("user", perl.Bytes(fmt.Sprint("user", i)))
		var items []perl.Value
		for j := range 4 {
			item := perl.NewHash(2)
			item.Set("sku", perl.Bytes(fmt.Sprintf("A-%05d", i+j)))
			item.Set("title", perl.Bytes("A thing that somebody may want"))
			items = append(items, perl.NewRef(item))
		}
		s.Set("cart", perl.NewRef(perl.NewArray(items...)))
		data, err := c.Append(nil, perl.NewRef(s), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if args = append(args, id, data); len(args) == 2*rows {
			if _, err := tx.ExecContext(t.Context(), insert, args...); err != nil {
				t.Fatal(err)
			}
			args = args[:0]
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// findAll is how Perl programs purge: find loads every session, and what has expired is
// deleted by that. It prints the seconds that went by, and those of the processor.
const findAll = `
use CGI::Session; use DBI; use Time::HiRes 'time';
my ($driver, $serializer, $dsn, $user, $table, $pragma) = @ARGV;
my $dbh = DBI->connect($dsn, $user, '', { RaiseError => 1, AutoCommit => 1 });
$dbh->do($pragma) if $pragma;
my $start = time;
my $cpu = (times)[0] + (times)[1];
CGI::Session->find("driver:$driver;serializer:$serializer", sub { $_[0]->is_empty }, { Handle => $dbh, TableName => $table })
	or die CGI::Session->errstr;
print time - $start, " ", (times)[0] + (times)[1] - $cpu, "\n";
`

// cpuTime is the processor time of this process in seconds.
func cpuTime() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// PerlDB is how Perl opens a database.
type PerlDB struct{ Driver, DSN, User, Pragma string }

// BenchmarkPerlPurge purges n of Perl's sessions by CGI::Session->find and by a Manager, in
// turn, in two tables with the same rows.
func (d Database) BenchmarkPerlPurge(b *testing.B, db *sql.DB, p PerlDB, columns string, n int) {
	perltest.Need(b, perltest.CGISession)
	for _, c := range perlSessions {
		b.Run(c.serializer, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				perls, gos := Table(b, db, columns), Table(b, db, columns)
				fillPerl(b, d, db, perls, c.codec, n)
				fillPerl(b, d, db, gos, c.codec, n)
				left := n / 10 * 7
				count := func(table string) {
					if got := Query1(b, db, "SELECT count(*) FROM "+table); got != fmt.Sprint(left) {
						b.Errorf("%s sessions are left, want %d", got, left)
					}
				}
				var perlTook, perlCPU float64
				out := perltest.Run(b, findAll, p.Driver, c.serializer, p.DSN, p.User, perls, p.Pragma)
				if _, err := fmt.Sscan(out, &perlTook, &perlCPU); err != nil {
					b.Fatalf("perl printed %q", out)
				}
				count(perls)

				m, err := datasession.New(d.Store(b, db, &sqlstore.Options{Table: gos}), c.codec,
					&datasession.Options{Family: datasession.CGISession})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				start, cpu := time.Now(), cpuTime()
				done, err := m.Purge(context.WithoutCancel(b.Context()), nil)
				took, goCPU := time.Since(start).Seconds(), cpuTime()-cpu
				b.StopTimer()
				if err != nil || done.Seen != n || done.Removed != n-left {
					b.Errorf("Purge = %+v, %v", done, err)
				}
				count(gos)
				b.ReportMetric(perlTook, "perl-s")
				b.ReportMetric(took, "go-s")
				b.ReportMetric(perlTook/took, "ratio")
				b.ReportMetric(perlCPU, "perl-cpu-s")
				b.ReportMetric(goCPU, "go-cpu-s")
				b.ReportMetric(perlCPU/goCPU, "cpu-ratio")
			}
		})
	}
}
