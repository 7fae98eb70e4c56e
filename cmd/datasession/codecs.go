package main

import (
	"strings"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/dumper"
	"github.com/go-datasession/datasession/codec/perljson"
	"github.com/go-datasession/datasession/codec/valuejson"
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
	{"value-json", valuejson.Codec{}, "what decode prints"},
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
