//go:build linux

package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-datasession/datasession/store"
)

// left makes a directory as a crash left it: session x with its data file, unless
// that is "absent", and its journal.
func left(t *testing.T, data string, journal []byte) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if data != "absent" {
		err = os.WriteFile(filepath.Join(dir, "cgisess_x"), []byte(data), 0o600)
	}
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, ".cgisess_x.j"), journal, 0o600)); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestAfterACrash(t *testing.T) {
	whole := journal{[]byte("the old bytes"), []byte("and the new bytes")}.appendTo(nil)
	for _, c := range []struct {
		name    string
		data    string
		journal []byte
		want    string
	}{
		{"before the write", "the old bytes", whole, "the old bytes"},
		{"in the write", "and thd bytes", whole, "and the new bytes"},
		{"after the write", "and the new bytes", whole, "and the new bytes"},
		{"before shortening", "shorold bytes", journal{[]byte("the old bytes"), []byte("shor")}.appendTo(nil), "shor"},
		{"Perl wrote since", "from Perl", whole, "from Perl"},
		{"Perl wrote as much since", "from Perl too", whole, "from Perl too"},
		{"Perl was killed since", "", whole, ""},
		{"in the journal", "the old bytes", whole[:20], "the old bytes"},
		{"before the journal", "the old bytes", nil, "the old bytes"},
		{"a journal that tells nonsense", "the old bytes", []byte("nonsense"), "the old bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, first := range []string{"Load", "Save", "Delete", "Recover"} {
				s, dir := left(t, c.data, c.journal)
				ctx := t.Context()
				rev := store.DataRev([]byte(c.want))
				var err error
				switch first {
				case "Save":
					if _, err := s.Save(ctx, "x", []byte("late"), store.DataRev([]byte("else")), store.SaveOptions{}); !errors.Is(err, store.ErrConflict) {
						t.Errorf("Save over something else = %v; want %v", err, store.ErrConflict)
					}
					rev, err = s.Save(ctx, "x", []byte("saved"), rev, store.SaveOptions{})
				case "Delete":
					err = s.Delete(ctx, "x", rev)
				case "Recover":
					_, err = s.Recover(ctx)
				}
				if err != nil {
					t.Errorf("%s = %v", first, err)
				}
				rec, err := s.Load(ctx, "x")
				switch {
				case first == "Delete":
					if !errors.Is(err, store.ErrNotFound) {
						t.Errorf("Load after Delete = %q, %v", rec.Data, err)
					}
				case err != nil || !rec.Rev.Equal(rev):
					t.Errorf("%s, then Load = %q, %v; want %q", first, rec.Data, err, c.want)
				}
				if _, err := os.Lstat(filepath.Join(dir, ".cgisess_x.j")); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s, then Load left the journal", first)
				}
			}
		})
	}
}

// TestDeletedStaysDeletedAfterACrash: a journal without its file brings nothing back.
func TestDeletedStaysDeletedAfterACrash(t *testing.T) {
	j := journal{[]byte("the old bytes"), []byte("and the new bytes")}.appendTo(nil)
	s, dir := left(t, "absent", j)
	if rec, err := s.Load(t.Context(), "x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Load = %q, %v; want %v", rec.Data, err, store.ErrNotFound)
	}
	if _, err := s.Save(t.Context(), "x", nil, store.DataRev([]byte("the old bytes")), store.SaveOptions{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Save = %v; want %v", err, store.ErrNotFound)
	}
	if _, err := s.Save(t.Context(), "x", []byte("made again"), store.Rev{}, store.SaveOptions{}); err != nil {
		t.Errorf("Save of a new session = %v", err)
	}
	if rec, err := s.Load(t.Context(), "x"); err != nil || string(rec.Data) != "made again" {
		t.Errorf("Load = %q, %v; want the session that was made again", rec.Data, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".cgisess_gone.j"), j, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Recover(t.Context()); n != 1 || err != nil {
		t.Errorf("Recover = %d, %v; want 1", n, err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("the directory holds %v", names)
	}
}

// TestCreatorDied between the two names of a new file, or before.
func TestCreatorDied(t *testing.T) {
	for _, linked := range []bool{false, true} {
		for _, first := range []string{"Load", "Create", "Overwrite", "Delete", "Recover"} {
			dir := t.TempDir()
			s, err := New(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			stage, data := filepath.Join(dir, ".cgisess_x.t"), filepath.Join(dir, "cgisess_x")
			err = os.WriteFile(stage, []byte("new"), 0o600)
			if linked {
				err = errors.Join(err, os.Link(stage, data))
			}
			if err != nil {
				t.Fatal(err)
			}
			ctx, want := t.Context(), error(nil)
			switch first {
			case "Load":
				_, err = s.Load(ctx, "x")
				if !linked {
					want = store.ErrNotFound
				}
			case "Create":
				_, err = s.Save(ctx, "x", []byte("newer"), store.Rev{}, store.SaveOptions{})
				if linked {
					want = store.ErrConflict
				}
			case "Overwrite":
				_, err = s.Save(ctx, "x", []byte("newer"), store.AnyRev, store.SaveOptions{})
			case "Delete":
				err = s.Delete(ctx, "x", store.AnyRev)
			case "Recover":
				_, err = s.Recover(ctx)
			}
			if !errors.Is(err, want) {
				t.Errorf("linked %v: %s = %v; want %v", linked, first, err, want)
			}
			if _, err := s.Save(ctx, "x", []byte("last"), store.AnyRev, store.SaveOptions{}); err != nil {
				t.Errorf("linked %v: %s, then Save = %v", linked, first, err)
			}
			if names, _ := os.ReadDir(dir); len(names) != 1 && !(len(names) == 2 && !linked) {
				t.Errorf("linked %v: %s, then Save left %v", linked, first, names)
			}
		}
	}
}

func TestMissingDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, loadErr := s.Load(ctx, "x")
	_, saveErr := s.Save(ctx, "x", nil, store.AnyRev, store.SaveOptions{})
	var listErr error
	for _, listErr = range s.IDs(ctx) {
	}
	for call, err := range map[string]error{"Load": loadErr, "Save": saveErr, "IDs": listErr, "Ping": s.Ping(ctx), "Delete": s.Delete(ctx, "x", store.AnyRev)} {
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s = %v; want %v and %v", call, err, store.ErrUnavailable, fs.ErrNotExist)
		}
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("looking made the directory")
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(ctx, "x", nil, store.Rev{}, store.SaveOptions{}); err != nil {
		t.Errorf("Save after Migrate = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Load(ctx, "x"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Load after Close = %v; want %v", err, store.ErrUnavailable)
	}
}

func TestNewRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		opts Options
	}{
		"no directory":   {"", Options{}},
		"a file":         {file, Options{}},
		"a bad pattern":  {t.TempDir(), Options{FileName: "x"}},
		"a setuid mode":  {t.TempDir(), Options{Mode: 0o600 | fs.ModeSetuid}},
		"a mode in bits": {t.TempDir(), Options{DirMode: 0o4700}},
	} {
		if _, err := New(c.dir, &c.opts); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
}

func TestLists(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, &Options{FileName: "s_%s.x"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"s_a.x", "s_b.b.x", "s_.x", "s_c", "ss_d.x", "s_e.x.tmp", ".s_f.x.j", ".s_g.x.t", "s_h.X"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(os.Mkdir(filepath.Join(dir, "s_dir.x"), 0o700), os.Symlink("s_a.x", filepath.Join(dir, "s_link.x")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for id, err := range s.IDs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	if want := "a b.b"; strings.Join(got, " ") != want && strings.Join(got, " ") != "b.b a" {
		t.Errorf("IDs = %q; want %s", got, want)
	}
}
