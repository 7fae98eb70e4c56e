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
	{"apache-json", perljson.Codec{}, "Apache::Session's JSON: the same"},
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
	{"Hstore", hstore.Codec{}, "Browseable's Hstore"},
	{"value-json", valuejson.Codec{}, "what decode prints"},
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

// codecNamed finds a codec by its name in any case.
func codecNamed(name string) (codec.Codec, error) {
	for _, c := range codecs {
		if strings.EqualFold(c.name, name) {
			return c.codec, nil
		}
	}
	if name == "" {
		return nil, misuse("codecs: "+codecNames(), "want --codec NAME")
	}
	return nil, misuse("codecs: "+codecNames(), "unknown codec %q", name)
}
