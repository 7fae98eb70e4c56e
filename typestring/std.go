package typestring

import (
	"context"
	"fmt"

	"github.com/go-datasession/datasession"
	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/apache"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/sessionid"
	"github.com/go-datasession/datasession/store"
	"github.com/go-datasession/datasession/store/filestore"
	"github.com/go-datasession/datasession/store/memstore"
)

// Std is the names of Data::Session, with code for those that need the standard
// library only. Beside them it has the driver Memory, which Perl has not, and the
// serializers yamlxs, which Koha adds to CGI::Session, and Base64, UUEncode, Sybase and
// Hstore of Apache::Session.
var Std = new(Set).With(
	Driver("File", openFile),
	Driver("Memory", openMemory),
	missing(driverPart, "BerkeleyDB", module("bdbstore")),
	missing(driverPart, "Memcached", module("memcachestore")),
	missing(driverPart, "mysql", sqlDriver("MySQL")),
	missing(driverPart, "ODBC", sqlDriver("ODBC(dialect)")),
	missing(driverPart, "Oracle", sqlDriver("Oracle")),
	missing(driverPart, "Pg", sqlDriver("Pg")),
	missing(driverPart, "SQLite", sqlDriver("SQLite")),

	ID(sessionid.MD5),
	ID(sessionid.SHA1),
	ID(sessionid.SHA256),
	ID(sessionid.SHA512),
	ID(sessionid.UUID16),
	ID(sessionid.UUID34),
	ID(sessionid.UUID36),
	ID(sessionid.UUID64),
	idEntry("AutoIncrement", autoIncrement),
	idEntry("Static", static),

	serializerEntry("DataDumper", dataDumper),
	serializerEntry("JSON", jsonCodec),
	serializerEntry("FreezeThaw", freezeThaw),
	serializerEntry("Storable", storableCodec),
	serializerEntry("YAML", yamlCodec),
	Serializer(perlyaml.XS),
	Serializer(apache.Base64{}),
	Serializer(apache.UUEncode{}),
	Serializer(apache.Sybase{}),
	serializerEntry("Hstore", hstoreCodec),
)

func module(name string) string {
	return "link package store/" + name + ", and extend the Set by typestring.Driver with a function that returns " + name + ".New of your servers or files"
}

func sqlDriver(dialect string) string {
	return "link a database/sql driver, and extend the Set by typestring.Driver with a function that returns sqlstore.New(db, sqlstore." +
		dialect + ", opts)"
}

// Parse reads a type string with the names of [Std]. See [Set.Parse].
func Parse(typ string) (Type, error) { return Std.Parse(typ) }

func openFile(_ context.Context, p Params) (store.Store, error) {
	return filestore.New(p.Directory, &filestore.Options{
		FileName:     p.FileName,
		Mode:         p.Umask,
		NoFlock:      p.NoFlock,
		ForeignOwner: p.ForeignOwner,
	})
}

func openMemory(context.Context, Params) (store.Store, error) { return memstore.New(nil), nil }

func autoIncrement(p Params) (sessionid.Generator, error) {
	c, err := sessionid.AutoIncrement(&sessionid.CounterOptions{
		File:    p.IDFile,
		Base:    p.IDBase,
		Step:    p.IDStep,
		Mode:    p.Umask,
		NoFlock: p.NoFlock,
	})
	if err != nil {
		return nil, fmt.Errorf("typestring: id:AutoIncrement: %w", err)
	}
	return c, nil
}

func static(p Params) (sessionid.Generator, error) {
	if p.ID == "" || p.ID == "0" {
		return nil, &Error{Text: "When using id:Static, you must provide a (true) id to new(id => ...): want Params.ID"}
	}
	return sessionid.Static(p.ID), nil
}

// storableCodec writes what the family's module does: freeze, or nfreeze.
func storableCodec(p Params) codec.Codec {
	return storable.Codec{Network: p.Options.Family == datasession.ApacheSession}
}

// yamlCodec is YAML::Tiny's, or that of the module which CGI::Session prefers.
func yamlCodec(p Params) codec.Codec {
	if p.Options.Family == datasession.CGISession {
		return perlyaml.Syck
	}
	return perlyaml.Codec{UTF8: p.Charset == UTF8, Recover: p.mixed}
}

func jsonCodec(p Params) codec.Codec { return perljson.Codec{UTF8: p.Charset == UTF8} }

func hstoreCodec(p Params) codec.Codec { return hstore.Codec{UTF8: p.Charset == UTF8} }

// freezeThaw counts characters. Where Perl gets bytes back, it cannot read what is in
// UTF-8.
func freezeThaw(p Params) codec.Codec {
	return freezethaw.Codec{UTF8: p.Charset == UTF8 && !p.mixed, Recover: p.mixed}
}

func dataDumper(p Params) codec.Codec {
	return dumper.Codec{Tail: p.Options.Family == datasession.CGISession}
}
