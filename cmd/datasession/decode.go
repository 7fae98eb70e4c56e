package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession/codec"
	"github.com/go-datasession/datasession/codec/valuejson"
	"github.com/go-datasession/datasession/perl"
)

func (a *app) decodeCommand() *cobra.Command {
	var name, charset string
	var lim codec.Limits
	cmd := &cobra.Command{
		Use:   "decode --codec NAME FILE|-",
		Short: "Print stored bytes as value-json",
		Long: `Reads what a serializer wrote, from a file or from standard input, and prints the
value as value-json: plain data as plain JSON, and what JSON has not, such as
objects and byte strings, as objects with a name that begins with $. On a
terminal the text is indented; elsewhere it is canonical, on one line.

Nothing in the bytes is evaluated. What is not in the format, asks for code, or
goes beyond a limit is refused with the byte at which it is.`,
		Example: `  datasession decode --codec DataDumper /tmp/cgisess_0123456789abcdef
  sqlite3 app.db 'select a_session from sessions limit 1' | datasession decode --codec default -`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := codecNamed(name, charset)
			if err != nil {
				return err
			}
			data, err := a.read(args[0], lim)
			if err != nil {
				return err
			}
			v, err := c.Decode(data, lim)
			if err != nil {
				return undecodable(err)
			}
			return a.print(v)
		},
	}
	addCodec(cmd, &name, &charset, &lim)
	return cmd
}

func (a *app) encodeCommand() *cobra.Command {
	var name, charset string
	var lim codec.Limits
	cmd := &cobra.Command{
		Use:   "encode --codec NAME FILE|-",
		Short: "Write value-json as a serializer's bytes",
		Long: `Reads value-json, from a file or from standard input, and writes the bytes that
the serializer makes of it, with hash keys sorted and nothing added. A plain JSON
document is value-json too.

A value that the format cannot say is refused, with the place where it is.`,
		Example: `  echo '{"user":"ann","n":1}' | datasession encode --codec DataDumper -
  datasession show --json ID | datasession encode --codec JSON - > session.json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := codecNamed(name, charset)
			if err != nil {
				return err
			}
			data, err := a.read(args[0], lim)
			if err != nil {
				return err
			}
			v, err := valuejson.Codec{}.Decode(data, lim)
			if err != nil {
				return undecodable(err)
			}
			data, err = c.Append(nil, v, lim)
			if err != nil {
				return undecodable(err)
			}
			a.stdout.Write(data)
			return nil
		},
	}
	addCodec(cmd, &name, &charset, &lim)
	return cmd
}

func addCodec(cmd *cobra.Command, name, charset *string, lim *codec.Limits) {
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(name, "codec", "", "`NAME` of the serializer, in any case: "+codecNames())
	cmd.Flags().StringVar(charset, "charset", "", "how characters beyond ASCII are stored: `latin1|utf8` (default latin1, as in Perl's files; utf8 for apache-json and Hstore)")
	addLimits(cmd.Flags(), lim)
	cmd.RegisterFlagCompletionFunc("codec", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []cobra.Completion
		for _, c := range codecs {
			names = append(names, cobra.CompletionWithDesc(c.name, c.about))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	completeCharset(cmd)
}

func completeCharset(cmd *cobra.Command) {
	cmd.RegisterFlagCompletionFunc("charset", cobra.FixedCompletions([]cobra.Completion{"latin1", "utf8"}, cobra.ShellCompDirectiveNoFileComp))
}

// read returns the content of a file, or of standard input for "-", if it is
// within the limit.
func (a *app) read(name string, lim codec.Limits) ([]byte, error) {
	if err := checkLimits(lim); err != nil {
		return nil, err
	}
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, refuse(readHint(err), "cannot read %s: %w", name, cause(err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(lim.Bytes)+1))
	if err != nil {
		return nil, refuse("", "cannot read %s: %w", name, cause(err))
	}
	if len(data) > lim.Bytes {
		return nil, refuse("try: --max-bytes", "%s has more than %d bytes", name, lim.Bytes)
	}
	return data, nil
}

func readHint(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "try: - to read standard input"
	}
	return ""
}

// cause returns what went wrong in a file operation, without its name.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// undecodable is judge for bytes and values that did not come from a store.
func undecodable(err error) error {
	f := &failure{exitRefused, err, ""}
	var limit *codec.LimitError
	if errors.As(err, &limit) {
		f.hint = "try: --max-" + limit.What
	}
	return f
}

// print writes a value as value-json.
func (a *app) print(v perl.Value) error {
	text, err := a.valueJSON(v)
	if err != nil {
		return undecodable(err)
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", text)
	return err
}

// valueJSON returns a value in canonical value-json or, for a terminal, in a form
// that reads back as the same value and in which nothing is left that the
// terminal would obey.
func (a *app) valueJSON(v perl.Value) ([]byte, error) {
	if a.screen {
		return valuejson.AppendIndent(nil, v, unlimited)
	}
	return valuejson.Codec{}.Append(nil, v, unlimited)
}
