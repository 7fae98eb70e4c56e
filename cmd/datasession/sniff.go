package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession/codec"
)

// signs are what the bytes of a serializer begin with, and what tells two apart that
// can be read as each other, the most telling first. What has a sign counts only if
// the codec of that name reads it.
var signs = []struct {
	name string
	has  func(data []byte) bool
}{
	{"Storable", begins("pst0")},
	{"Storable", begins("\x04\x0b", "\x04\x0a", "\x04\x09", "\x04\x08", "\x04\x07", "\x04\x06", "\x04\x05", "\x04\x04")},
	{"nfreeze", begins("\x05")},
	{"FreezeThaw", begins("FrT;")},
	{"default", func(data []byte) bool {
		return begins("$D", ";$D")(data) && bytes.HasSuffix(data, []byte(";;$D"))
	}},
	{"DataDumper", begins("$D", ";$D")},
	{"JSON", begins("{", "[")},
	{"Hstore", begins(`"`)},
	{"yaml-syck", begins("--- \n", "--- !!perl")},
	{"YAML", begins("---")},
	{"yamlxs", begins("---")},
	{"yaml-pm", begins("---")},
	{"Sybase", begins("05", "04")},
	{"Base64", begins("BQ", "BA")},
	{"UUEncode", func(data []byte) bool { return len(data) > 1 && data[1] == '!' }},
}

func begins(with ...string) func([]byte) bool {
	return func(data []byte) bool {
		for _, w := range with {
			if bytes.HasPrefix(data, []byte(w)) {
				return true
			}
		}
		return false
	}
}

// sniff returns the names of the codecs that may have written data, the likeliest first.
func sniff(data []byte, lim codec.Limits) (names []string) {
	for _, sign := range signs {
		for _, c := range codecs {
			if c.name != sign.name || !sign.has(data) {
				continue
			}
			if _, err := c.codec.Decode(data, lim); err == nil {
				names = append(names, sign.name)
			}
		}
	}
	return names
}

func (a *app) sniffCommand() *cobra.Command {
	var lim codec.Limits
	cmd := &cobra.Command{
		Use:   "sniff FILE|-",
		Short: "Say which serializer has most likely written some bytes",
		Long: `Prints the name of the serializer that has most likely written a file, or standard
input, as --codec takes it, and on further lines those that could have written it as
well: plain data in YAML looks the same in three dialects.

It is a guess, for a person who has found a file. Nothing that opens a store guesses: a
serializer that is not the one of --type refuses what it finds.`,
		Example: `  datasession sniff /tmp/cgisess_0123456789abcdef
  datasession decode --codec "$(datasession sniff FILE | head -n 1)" FILE`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := a.read(args[0], lim)
			if err != nil {
				return err
			}
			names := sniff(data, lim)
			if len(names) == 0 {
				return refuse("it may be damaged: datasession decode says where", "no serializer reads it")
			}
			for _, name := range names {
				fmt.Fprintln(a.stdout, name)
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	addLimits(cmd.Flags(), &lim)
	return cmd
}
