package typestring

import (
	"cmp"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/go-datasession/datasession"
)

// Params are the options of Perl's Data::Session that say where sessions are. Zero
// stands for Perl's default. What the driver and the generator of a type string have
// no use for is ignored.
//
// However a Params is printed, what is secret in it is not shown: the id, the password
// and the data source, which may hold one.
type Params struct {
	// ID is the id that id:Static gives. Without it id:Static is refused. (Perl: id)
	ID string

	// Name is the name of the cookie, CGISESSID. Nothing here uses it. (Perl: name)
	Name string

	// Directory holds the files of driver:File. The default is the system's for
	// temporary files. Perl makes it if it is not there; see Migrate. (Perl:
	// directory)
	Directory string

	// FileName is what a file is called, with %s for the id. The default is
	// cgisess_%s. (Perl: file_name)
	FileName string

	// NoFlock leaves the files of driver:File, and that of id:AutoIncrement,
	// unlocked. (Perl: no_flock)
	NoFlock bool

	// Umask is the mode, and not a mask, that files are created with, less the
	// process's umask. The default is 0660. (Perl: umask)
	Umask fs.FileMode

	// ForeignOwner lets driver:File read and write files of other users, as Perl
	// does. It is for a folder that a Perl application shares through its group, and
	// not for one that everybody may write to.
	ForeignOwner bool

	// TableName, IDColName and DataColName say where in a database sessions are.
	// The defaults are sessions, id and a_session. (Perl: table_name, id_col_name,
	// data_col_name)
	TableName, IDColName, DataColName string

	// DataSource, Username and Password say which database it is. (Perl:
	// data_source, username, password)
	DataSource, Username, Password string

	// Host, Port and Socket are further parts of a data source, of driver:mysql in
	// Perl. (Perl: host, port, socket)
	Host   string
	Port   int
	Socket string

	// Servers are the addresses host:port of driver:Memcached and driver:Redis. One
	// of Memcached may be followed by "=" and its weight. (Perl: the cache object)
	Servers []string

	// Cluster says that Servers are nodes of a Redis Cluster.
	Cluster bool

	// Service is the name of the Redis that Servers, which are sentinels then, watch.
	// (Perl: Redis's service)
	Service string

	// Index names the parameters that sessions are found by: driver:Redis keeps an index
	// of each, and the drivers of databases keep its value in a column. Behind "=" may
	// stand the name of that column. (Perl: Apache::Session::Browseable's Index)
	Index []string

	// Updated is a column of a database that is set to the time of each save, such as
	// the LastUpdated of Request Tracker.
	Updated string

	// Native makes the drivers of databases use the layout of their own that is for new
	// work, in the table datasessions if TableName is empty; see sqlstore.Native.
	// IDColName, DataColName and Updated are not looked at then.
	Native bool

	// Namespace precedes each id in a key of driver:Memcached or driver:Redis.
	// (Perl: Cache::Memcached's namespace)
	Namespace string

	// DBFile and DBHome are the file of a Berkeley DB hash and the directory of its
	// environment. (Perl: the BerkeleyDB object; DB_File has no environment)
	DBFile, DBHome string

	// NoInsert, NoDelete, NoReplace, AutoCreate and AutoDisconnect are the options of
	// CGI::Session's flexmysql, for driver:mysql: never make a row; empty the data
	// column rather than delete the row; update a row rather than replace it, which is
	// what happens here anyway; make the table when it is missing; close the database
	// with the store.
	NoInsert, NoDelete, NoReplace, AutoCreate bool
	AutoDisconnect                            *bool

	// PgBytea and PgText say what type the column of driver:Pg has. The default is
	// bytea, also if both are set; text with the family CGI::Session. An opener
	// finds exactly one of them set. (Perl: pg_bytea, pg_text)
	PgBytea, PgText bool

	// Charset says how characters beyond ASCII are bytes in the store. The default goes
	// by the driver, as in Perl. An opener finds Latin1 or UTF8 set; for serializers that
	// write bytes, such as DataDumper, that is Latin1.
	Charset Charset

	// IDFile is where id:AutoIncrement counts. The default is data.session.id in the
	// system's folder for temporary files. (Perl: id_file)
	IDFile string

	// IDBase is the number before the first id of id:AutoIncrement. (Perl: id_base)
	IDBase int64

	// IDStep is how far apart two ids of id:AutoIncrement are. The default is 1.
	// (Perl: id_step)
	IDStep int64

	// Migrate lets Open make what the store lacks to keep sessions in: a directory
	// (which only its owner may enter), a table. Without it a wrong path, or a disk
	// that is not mounted, is an error, and not an empty store.
	Migrate bool

	// Options are passed on to [datasession.New]. The Family among them decides
	// how the type string is read and what DataDumper writes. If NewID is set, the
	// type string's generator is not used. A zero Lifetime is Perl's: new sessions do
	// not expire before somebody says when.
	Options datasession.Options

	mixed bool // with UTF8: there are records in Latin-1, too
}

func (p Params) withDefaults() Params {
	p.Name = cmp.Or(p.Name, "CGISESSID")
	p.Directory = cmp.Or(p.Directory, os.TempDir())
	p.FileName = cmp.Or(p.FileName, "cgisess_%s")
	p.Umask = cmp.Or(p.Umask, 0o660)
	if p.Native {
		p.TableName = cmp.Or(p.TableName, "datasessions")
	}
	p.TableName = cmp.Or(p.TableName, "sessions")
	p.IDColName = cmp.Or(p.IDColName, "id")
	p.DataColName = cmp.Or(p.DataColName, "a_session")
	p.IDFile = cmp.Or(p.IDFile, filepath.Join(os.TempDir(), "data.session.id"))
	p.IDStep = cmp.Or(p.IDStep, 1)
	p.PgText = (p.PgText || p.Options.Family == datasession.CGISession) && !p.PgBytea
	p.PgBytea = !p.PgText
	return p
}

// Format prints p with its secrets hidden, for every verb.
func (p Params) Format(f fmt.State, verb rune) {
	type plain Params // has no Format
	for _, secret := range []*string{&p.ID, &p.Password, &p.DataSource} {
		if *secret != "" {
			*secret = "[hidden]"
		}
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), plain(p))
}

// LogValue is p with its secrets hidden.
func (p Params) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("%+v", p)) }
