package main

import (
	"bytes"
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/apache"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/freezethaw"
	"github.com/go-datasession/datasession/codec/hstore"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/perlyaml"
	"github.com/go-datasession/datasession/codec/storable"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
	"github.com/go-datasession/datasession/typestring"
)

// codecs are the serializers that decode and encode know, by name.
var codecs = []struct {
	name  string
	codec codec.Codec
	about string
}{
	{"DataDumper", dumper.Codec{}, "Data::Session's DataDumper"},
	{"default", dumper.Codec{Tail: true}, "CGI::Session's default, which is DataDumper with ;$D at the end"},
	{"JSON", perljson.Codec{}, "Data::Session's JSON"},
	{"apache-json", perljson.Codec{UTF8: true}, "Browseable's JSON: the same, in UTF-8"},
	{"Storable", storedFile{}, "Data::Session's and CGI::Session's Storable; reads files of store() too"},
	{"nfreeze", storable.Codec{Network: true}, "Apache::Session's Storable"},
	{"FreezeThaw", freezethaw.Codec{}, "Data::Session's FreezeThaw"},
	{"YAML", perlyaml.Tiny, "Data::Session's YAML, which is YAML::Tiny's"},
	{"yaml-syck", perlyaml.Syck, "CGI::Session's yaml, where YAML::Syck is installed"},
	{"yaml-pm", perlyaml.PM, "CGI::Session's yaml, where it is not"},
	{"yamlxs", perlyaml.XS, "Koha's yamlxs, which is YAML::XS's"},
	{"Base64", apache.Base64{}, "Apache::Session's Base64"},
	{"UUEncode", apache.UUEncode{}, "Apache::Session's UUEncode"},
	{"Sybase", apache.Sybase{}, "Apache::Session's Sybase, which is hexadecimal"},
	{"Hstore", hstore.Codec{UTF8: true}, "Browseable's Hstore, in UTF-8"},
	{"value-json", valuejson.Codec{}, "what decode prints"},
}

// inCharset returns a codec for a store that holds characters in UTF-8, or in a byte
// each, or nil if it has one encoding only.
func inCharset(c codec.Codec, utf8 bool) codec.Codec {
	switch c := c.(type) {
	case perljson.Codec:
		c.UTF8 = utf8
		return c
	case freezethaw.Codec:
		c.UTF8 = utf8
		return c
	case hstore.Codec:
		c.UTF8 = utf8
		return c
	case perlyaml.Codec:
		if c.Dialect == perlyaml.DialectTiny || c.Dialect == perlyaml.DialectPM {
			c.UTF8 = utf8
			return c
		}
	}
	return nil
}

func charsetNamed(name string) (typestring.Charset, error) {
	switch strings.ToLower(name) {
	case "":
		return typestring.DriverCharset, nil
	case "latin1":
		return typestring.Latin1, nil
	case "utf8":
		return typestring.UTF8, nil
	}
	return 0, misuse("character sets: latin1, utf8", "unknown character set %q", name)
}

// storedFile is Storable that also reads the files of its store function.
type storedFile struct{ storable.Codec }

func (c storedFile) Decode(data []byte, lim codec.Limits) (perl.Value, error) {
	if bytes.HasPrefix(data, []byte("pst0")) {
		return storable.DecodeFile(data, lim)
	}
	return c.Codec.Decode(data, lim)
}

func codecNames() string {
	var names []string
	for _, c := range codecs {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// codecNamed finds a codec by its name in any case, for what a store holds in a
// character set, that of a flag.
func codecNamed(name, charset string) (codec.Codec, error) {
	set, err := charsetNamed(charset)
	if err != nil {
		return nil, err
	}
	for _, c := range codecs {
		if !strings.EqualFold(c.name, name) {
			continue
		}
		if set == typestring.DriverCharset {
			return c.codec, nil
		}
		in := inCharset(c.codec, set == typestring.UTF8)
		if in == nil {
			return nil, misuse("with --charset: JSON, apache-json, FreezeThaw, YAML, yaml-pm, Hstore", "%s has one encoding and wants no --charset", c.name)
		}
		return in, nil
	}
	if name == "" {
		return nil, misuse("codecs: "+codecNames(), "want --codec NAME")
	}
	return nil, misuse("codecs: "+codecNames(), "unknown codec %q", name)
}
