package filestore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
)

// page is how many directory entries are held in memory at once.
const page = 256

// IDs yields the id of every session file in the directory: the regular files
// whose names are those of [Options.FileName], in full. Perl's Data::Session also
// takes names that only contain such a name, and directories.
func (s *Store) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := s.eachEntry(ctx, func(e fs.DirEntry) bool {
			id, ok := s.name.id(e.Name())
			return !ok || !e.Type().IsRegular() || yield(id, nil)
		})
		if err != nil {
			yield("", err)
		}
	}
}

// eachEntry calls visit for every entry of the directory until it returns false.
func (s *Store) eachEntry(ctx context.Context, visit func(fs.DirEntry) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := s.open()
	if err != nil {
		return err
	}
	list, err := dir.OpenFile(".", os.O_RDONLY, 0)
	if err != nil {
		return failed("list the session directory", err)
	}
	defer list.Close()
	for {
		entries, err := list.ReadDir(page)
		for _, e := range entries {
			if !visit(e) {
				return nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return failed("list the session directory", err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
