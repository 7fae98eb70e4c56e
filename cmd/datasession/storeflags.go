package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
)

// storeFlags are the flags by which a store is found: the type string, and
// Data::Session's options with hyphens for underscores.
type storeFlags struct {
	typ, family, charset string

	directory, fileName string
	noFlock             bool
	foreignOwner        bool
	umask               string

	dataSource, username, passwordFile string
	host, socket                       string
	port                               int
	tableName, idColName, dataColName  string
	updated                            string
	native                             bool
	pgBytea, pgText                    bool

	noInsert, noDelete, noReplace, autoCreate, autoDisconnect bool

	servers, index     []string
	cluster            bool
	service, namespace string
	dbFile, dbHome     string

	id, idFile     string
	idBase, idStep int64

	name   string
	limits codec.Limits

	createStore bool          // make the store if it is not there
	lifetime    time.Duration // of new sessions
}

// passwordVariable is where a password comes from: never from the command line,
// which every user of a machine can read.
const passwordVariable = "DATASESSION_PASSWORD"

func (f *storeFlags) flags() *pflag.FlagSet {
	set := pflag.NewFlagSet("store", pflag.ContinueOnError)
	set.SortFlags = false
	set.StringVar(&f.typ, "type", "", "`STRING` that names driver, id generator and serializer")
	set.StringVar(&f.family, "family", "data", "Perl module whose sessions these are: `data|cgi|apache`")
	set.StringVar(&f.charset, "charset", "", "how characters beyond ASCII are stored: `latin1|utf8` (default: as Perl's driver does)")
	set.StringVar(&f.directory, "directory", "", "`DIR` with the files of driver:File (default: the temporary one)")
	set.StringVar(&f.fileName, "file-name", "", "`PATTERN` of file names, %s for the id (default cgisess_%s)")
	set.BoolVar(&f.noFlock, "no-flock", false, "do not lock the files of driver:File and id:AutoIncrement")
	set.BoolVar(&f.foreignOwner, "foreign-owner", false, "use session files of other users too, in a directory that only those in it can write to")
	set.StringVar(&f.umask, "umask", "", "octal `MODE` of new files, a mode as in Perl (default 0660)")
	set.StringVar(&f.dataSource, "data-source", "", "`SOURCE` of the database: a path, a URL, or Perl's dbi:DRIVER:...")
	set.StringVar(&f.username, "username", "", "`USER` of the database")
	set.StringVar(&f.passwordFile, "password-file", "", "`FILE` with the password of the database")
	set.StringVar(&f.host, "host", "", "`HOST` of the database, if the data source has none")
	set.IntVar(&f.port, "port", 0, "`PORT` of the database, the same")
	set.StringVar(&f.socket, "socket", "", "`PATH` of the Unix socket of the database, the same")
	set.StringVar(&f.tableName, "table-name", "", "`TABLE` of the sessions (default sessions)")
	set.StringVar(&f.idColName, "id-col-name", "", "`COLUMN` of the ids (default id)")
	set.StringVar(&f.dataColName, "data-col-name", "", "`COLUMN` of the data (default a_session)")
	set.BoolVar(&f.pgBytea, "pg-bytea", false, "the column of driver:Pg is of bytea (the default, but for --family cgi)")
	set.BoolVar(&f.pgText, "pg-text", false, "the column of driver:Pg is of text")
	set.BoolVar(&f.noInsert, "no-insert", false, "never make a row of a table, only change those that are there")
	set.BoolVar(&f.noDelete, "no-delete", false, "empty the column of the data and keep the row")
	set.BoolVar(&f.noReplace, "no-replace", false, "change a row and replace none, as is done in any case")
	set.BoolVar(&f.autoCreate, "auto-create", false, "make the table when a session is to be stored and it is not there")
	set.BoolVar(&f.autoDisconnect, "auto-disconnect", true, "close the database at the end, which happens in any case")
	set.StringArrayVar(&f.servers, "server", nil, "`HOST:PORT` of driver:Redis, with /N for database N, or of driver:Memcached, with =N for weight N; may be repeated")
	set.BoolVar(&f.cluster, "cluster", false, "the servers are nodes of a Redis Cluster")
	set.StringVar(&f.service, "service", "", "`NAME` of the Redis that the servers, sentinels then, watch")
	set.StringVar(&f.namespace, "namespace", "", "`TEXT` before the id in a key of driver:Redis (default session:) or driver:Memcached")
	set.StringVar(&f.dbFile, "db-file", "", "`FILE` of driver:BerkeleyDB, relative to --db-home, or of driver:DB_File")
	set.StringVar(&f.dbHome, "db-home", "", "`DIR` with the environment of driver:BerkeleyDB; without it the file is only read")
	set.StringArrayVar(&f.index, "index", nil, "`PARAMETER` that sessions are found by: Redis has an index of it, a database a column, also PARAMETER=COLUMN; may be repeated")
	set.StringVar(&f.updated, "updated-col-name", "", "`COLUMN` that each save sets to the time (default none)")
	set.BoolVar(&f.native, "native", false, "the layout of a database's table that is for new work, and not Perl's")
	set.StringVar(&f.id, "id", "", "the `ID` that id:Static always gives")
	set.StringVar(&f.idFile, "id-file", "", "`FILE` in which id:AutoIncrement counts")
	set.Int64Var(&f.idBase, "id-base", 0, "`NUMBER` before the first of id:AutoIncrement")
	set.Int64Var(&f.idStep, "id-step", 0, "`NUMBER` by which id:AutoIncrement counts (default 1)")
	set.StringVar(&f.name, "name", "", "`NAME` of the cookie (default CGISESSID)")
	addLimits(set, &f.limits)
	return set
}

// addLimits adds the bounds of what is decoded and encoded.
func addLimits(set *pflag.FlagSet, lim *codec.Limits) {
	set.IntVar(&lim.Depth, "max-depth", codec.DefaultDepth, "most containers within containers, `N`")
	set.IntVar(&lim.Nodes, "max-nodes", codec.DefaultNodes, "most values in a session, `N`")
	set.IntVar(&lim.Bytes, "max-bytes", codec.DefaultBytes, "most bytes of a session, `N`")
}

// checkLimits refuses bounds that would mean something else than they say.
func checkLimits(lim codec.Limits) error {
	if lim.Depth < 1 || lim.Nodes < 1 || lim.Bytes < 1 {
		return misuse("", "--max-depth, --max-nodes and --max-bytes want a number from 1")
	}
	return nil
}

var families = []struct {
	name   string
	family datasession.Family
}{
	{"data", datasession.DataSession},
	{"cgi", datasession.CGISession},
	{"apache", datasession.ApacheSession},
}

func familyNamed(name string) (datasession.Family, error) {
	for _, f := range families {
		if strings.EqualFold(f.name, name) {
			return f.family, nil
		}
	}
	return datasession.Family{}, misuse("families: data, cgi, apache", "unknown family %q", name)
}

// password returns the database password, "" if none is given.
func (f *storeFlags) password() (string, error) {
	if f.passwordFile == "" {
		return os.Getenv(passwordVariable), nil
	}
	file, err := os.Open(f.passwordFile)
	if err != nil {
		return "", refuse("", "cannot read the password file: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return "", refuse("", "cannot read the password file: %w", err)
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return strings.TrimSuffix(string(line), "\r"), nil
}

// storeCommand returns a subcommand that opens a store.
func (a *app) storeCommand(f *storeFlags, cmd *cobra.Command) *cobra.Command {
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(f.flags())
	cmd.RegisterFlagCompletionFunc("family", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, f := range families {
			names = append(names, cobra.CompletionWithDesc(f.name, f.family.String()))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	completeCharset(cmd)
	cmd.MarkFlagDirname("directory")
	return cmd
}
