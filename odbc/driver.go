package odbc

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

func init() { sql.Register("odbc", Driver{}) }

// Driver is what sql.Open("odbc", …) uses. Its data source name is that of
// [NewConnector], with no options.
type Driver struct{}

var _ driver.DriverContext = Driver{}

// Open connects at once.
func (d Driver) Open(source string) (driver.Conn, error) {
	c, err := d.OpenConnector(source)
	if err != nil {
		return nil, err
	}
	return c.Connect(context.Background())
}

// OpenConnector is NewConnector without options.
func (Driver) OpenConnector(source string) (driver.Connector, error) {
	return NewConnector(source, nil)
}

// Options is what a connection string cannot say. The zero value is fine.
type Options struct {
	// Library is the driver manager: a file, or a name that the system finds.
	// If it is empty those of unixODBC and iODBC are tried, and on Windows its own.
	Library string

	// Location is the time zone of times in the database, which ODBC passes
	// without one. Nil means UTC.
	Location *time.Location

	// MaxLeft is how many calls that did not come back may be left to
	// themselves at one time. Each keeps a thread until the driver returns;
	// when there are so many, no new connection is made. Zero means 64.
	MaxLeft int
}

// Connector makes connections to one data source. It is safe for use by several
// goroutines.
type Connector struct {
	source   string // holds passwords: nothing prints it
	secrets  []string
	library  string
	location *time.Location
	maxLeft  int64
	left     atomic.Int64
}

var _ driver.Connector = (*Connector)(nil)

// NewConnector returns a Connector for [sql.OpenDB]. The source is a connection
// string as SQLDriverConnect takes it, such as
//
//	DSN=sessions;UID=web;PWD=secret
//	Driver={PostgreSQL Unicode};Server=localhost;Database=web
//
// or the name of a data source alone. It is not looked at here: what is wrong with
// it is reported by the first connection. No error and no log shows it.
func NewConnector(source string, opts *Options) (*Connector, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	switch {
	case strings.TrimSpace(source) == "":
		return nil, errors.New("odbc: no data source, want a connection string such as DSN=name")
	case strings.ContainsRune(source, 0):
		return nil, errors.New("odbc: a NUL in the connection string")
	case len(source) > math.MaxInt16:
		return nil, fmt.Errorf("odbc: a connection string of %d bytes, want at most %d", len(source), math.MaxInt16)
	case o.MaxLeft < 0:
		return nil, fmt.Errorf("odbc: MaxLeft is %d", o.MaxLeft)
	}
	if !strings.Contains(source, "=") {
		source = "DSN=" + source
	}
	c := &Connector{source: source, library: o.Library, location: time.UTC, maxLeft: 64}
	if o.Location != nil {
		c.location = o.Location
	}
	if o.MaxLeft > 0 {
		c.maxLeft = int64(o.MaxLeft)
	}
	for _, m := range password.FindAllStringSubmatch(source, -1) {
		if secret := strings.TrimSuffix(strings.TrimPrefix(m[1], "{"), "}"); secret != "" {
			c.secrets = append(c.secrets, secret)
		}
	}
	return c, nil
}

// A password may contain a semicolon if it is in braces.
var password = regexp.MustCompile(`(?i)(?:^|;)\s*(?:pwd|password|pass)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)`)

// Driver returns a [Driver].
func (c *Connector) Driver() driver.Driver { return Driver{} }

// String and GoString keep the connection string out of what is printed.
func (c *Connector) String() string   { return "odbc.Connector" }
func (c *Connector) GoString() string { return "odbc.Connector" }

// Connect makes a connection. It returns when ctx ends, also where the driver does
// not; what the driver was doing is then undone when it has come back.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	lib, err := load(c.library)
	if err != nil {
		return nil, err
	}
	if n := c.left.Load(); n >= c.maxLeft {
		return nil, &Error{"connect", []Record{{State: "08001",
			Message: fmt.Sprintf("%d calls have not come back from the driver; no new connection until one does", n)}}}
	}
	conn := newConn(lib, c)
	if err := conn.run(ctx, 0, func() error { return conn.connect(ctx) }); err != nil {
		conn.Close()
		var e *Error
		if errors.As(err, &e) {
			e.without(c.secrets)
		}
		return nil, err
	}
	return conn, nil
}
