package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/go-datasession/datasession"
)

// find returns the id that somebody means who gave an id or a fingerprint. Ids are
// tried first: a store may have one that looks like a fingerprint.
func find(ctx context.Context, m *datasession.Manager, given string) (id string, err error) {
	_, err = m.Store().Load(ctx, given)
	absent := errors.Is(err, datasession.ErrNotFound) || errors.Is(err, datasession.ErrInvalidID)
	switch {
	case !absent:
		return given, nil // what is wrong with it, its reader will find
	case !fingerprint.MatchString(given):
		return "", missing(given, err)
	case !m.CanList():
		return "", refuse("try: the id itself", "this store cannot list, and so cannot look for a fingerprint")
	}
	found := 0
	for listed, err := range m.IDs(ctx) {
		if err != nil {
			return "", judge(err)
		}
		if datasession.Fingerprint(listed) == strings.ToLower(given) {
			id = listed
			found++
		}
	}
	switch found {
	case 0:
		return "", missing(given, datasession.ErrNotFound)
	case 1:
		return id, nil
	}
	return "", refuse("try: the id itself, from datasession ls --show-ids", "%d sessions have the fingerprint %s", found, strings.ToLower(given))
}

var fingerprint = regexp.MustCompile(`^[0-9a-fA-F]{8}$`)

// missing reports that a session is not there. What looks like a fingerprint is
// repeated; an id is not.
func missing(given string, err error) error {
	name := "the fingerprint " + strings.ToLower(given)
	if !fingerprint.MatchString(given) {
		name = "that id (fingerprint " + datasession.Fingerprint(given) + ")"
	}
	if errors.Is(err, datasession.ErrInvalidID) {
		return refuse("", "no session can have %s: %w", name, err)
	}
	return refuse("try: datasession ls, with the same store flags", "no session has %s", name)
}

// idArgs are the sessions that a command line names: arguments, or the lines of a
// file for those who do not want ids where everybody can read them.
type idArgs struct{ from string }

func (i *idArgs) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&i.from, "id-from", "", "read the id from `FILE`, or - for standard input, instead")
}

// one takes the session off the front of args.
func (i *idArgs) one(a *app, args []string) (id string, rest []string, err error) {
	if i.from == "" {
		if len(args) == 0 {
			return "", nil, misuse("", "want the id or the fingerprint of a session")
		}
		return args[0], args[1:], nil
	}
	ids, err := i.lines(a)
	if err != nil {
		return "", nil, err
	}
	if len(ids) != 1 {
		return "", nil, misuse("", "--id-from has %d ids, want one", len(ids))
	}
	return ids[0], args, nil
}

// all returns every session that is named.
func (i *idArgs) all(a *app, args []string) ([]string, error) {
	if i.from != "" {
		lines, err := i.lines(a)
		if err != nil {
			return nil, err
		}
		return append(args, lines...), nil
	}
	if len(args) == 0 {
		return nil, misuse("", "want the ids or fingerprints of sessions")
	}
	return args, nil
}

func (i *idArgs) lines(a *app) (ids []string, err error) {
	in := a.stdin
	if i.from != "-" {
		f, err := os.Open(i.from)
		if err != nil {
			return nil, refuse(readHint(err), "cannot read %s: %w", i.from, cause(err))
		}
		defer f.Close()
		in = f
	}
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			ids = append(ids, line)
		}
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil {
			return nil, refuse("", "cannot read %s: %w", i.from, cause(err))
		}
	}
}
