package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the main module's folder, as go test runs a package's tests in its own.
const root = "../.."

// sourceFile is a Go file of the main module.
type sourceFile struct {
	name   string // relative to the module, with slashes
	pkg    string // the package's folder; "." for the root package
	test   bool
	lines  int
	syntax *ast.File
}

// mainModule returns every Go file of the main module, for whatever system it is.
func mainModule(t *testing.T) []sourceFile {
	t.Helper()
	files, err := parseAll()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var parseAll = sync.OnceValues(func() ([]sourceFile, error) {
	var files []sourceFile
	set := token.NewFileSet()
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, sourceFile{
			name:   name,
			pkg:    path.Dir(name),
			test:   strings.HasSuffix(name, "_test.go"),
			lines:  set.File(syntax.FileStart).LineCount(),
			syntax: syntax,
		})
		return nil
	}, isModule)
	return files, err
})

// walk calls fn for each file below root, by its name relative to root, but for
// test data, what begins with a dot, and folders that skip reports.
func walk(fn func(name string) error, skip func(dir string) bool) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		switch {
		case err != nil || name == ".":
			return err
		case !entry.IsDir():
			return fn(filepath.ToSlash(name))
		case entry.Name() == "testdata", strings.HasPrefix(entry.Name(), "."), skip(file):
			return fs.SkipDir
		}
		return nil
	})
}

// isModule reports whether a folder is a module of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
