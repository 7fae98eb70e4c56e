package policy

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows is the import policy of the main module. Paths are relative to it, "."
// being the root package; a * stands for one element. The first row whose from
// matches a package says which of our packages it may import. Arrows point down:
// store/* moves bytes and never sees a value, codec/* never sees a store, and the
// root package knows interfaces and no implementation.
//
// A package that needs an arrow which is not here wants a decision, and then a
// row. Tests may import what they like, of ours and of the standard library.
var arrows = []arrow{
	{"perl", ""},
	{"sessionid", ""},
	{"store", ""},
	{"codec", "perl"},

	{"store/storetest", "store"},
	{"store/*", "store"},
	{"codec/codectest", "codec perl codec/valuejson internal/perltest"},
	{"codec/hstore", "codec codec/perljson perl"},
	{"codec/apache", "codec perl codec/storable"},
	{"codec/*", "codec perl internal/jsonscan internal/perlpath"},
	{"internal/jsonscan", "codec perl"},
	{"internal/perlpath", "codec perl"},

	{".", "codec perl sessionid store"},

	{"sessionhttp", "."},
	{"sessionhttp/sessiontest", ". sessionhttp"},
	{"typestring", ". codec codec/* perl sessionid store store/*"},

	{"internal/perltest", ""},
	{"internal/testserver", "internal/perltest"},
	{"internal/managertest", ". codec codec/dumper internal/perltest perl store"},
	{"internal/policy", ""},
}

type arrow struct{ from, to string }

// named are the files, beside tests, that may import what others may not.
var named = []struct{ imports, files string }{
	// Jitter between tries, and made-up data in the suites. Whatever has to be a
	// secret comes from crypto/rand.
	{"math/rand/v2", "edit.go store/filestore/open.go store/sqlstore/call.go codec/codectest/*.go store/storetest/*.go"},
	{"math/rand", ""},
	// A Value keeps a string, a number or a thing in three words; a conversion from
	// Go knows by its address what it has seen.
	{"unsafe", "perl/value.go perl/convert.go perl/entry.go"},
}

const module = "github.com/go-datasession/datasession"

func TestImports(t *testing.T) {
	for _, f := range mainModule(t) {
		for _, spec := range f.syntax.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			checkImport(t, f, to)
		}
	}
}

func checkImport(t *testing.T, f sourceFile, to string) {
	t.Helper()
	host, _, _ := strings.Cut(to, "/")
	ours, isOurs := strings.CutPrefix(to, module)
	switch {
	case isOurs:
		if ours = strings.TrimPrefix(ours, "/"); ours == "" {
			ours = "."
		}
		if r := row(f.pkg); !f.test && !matchAny(r.to, ours) {
			t.Errorf("%s imports %s, and the row of %q in arrows does not have it", f.name, ours, r.from)
		}
	case strings.Contains(host, "."):
		t.Errorf("%s imports %s: the main module uses the standard library only; what needs more is a module of its own", f.name, to)
	case to == "C":
		t.Errorf("%s uses cgo: that is for a module of its own", f.name)
	case !f.test:
		for _, r := range named {
			if r.imports == to && !matchAny(r.files, f.name) {
				t.Errorf("%s imports %s, and its row in named does not have that file", f.name, to)
			}
		}
	}
}

// row returns the row of arrows that holds for a package, an empty one if none does.
func row(pkg string) arrow {
	for _, r := range arrows {
		if matchAny(r.from, pkg) {
			return r
		}
	}
	return arrow{}
}

// matchAny reports whether one of several patterns matches a path.
func matchAny(patterns, name string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

func TestEveryPackageHasARow(t *testing.T) {
	for _, f := range mainModule(t) {
		if row(f.pkg).from == "" {
			t.Errorf("%s: package %s has no row in arrows", f.name, f.pkg)
		}
	}
}

// Names turn into constructors in one visible table, typestring.Std.
func TestNoInit(t *testing.T) {
	for _, f := range mainModule(t) {
		for _, decl := range f.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && !f.test && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.name)
			}
		}
	}
}

// One file per idea: what is longer than this holds two.
func TestFileLength(t *testing.T) {
	const most = 600
	for _, f := range mainModule(t) {
		if !f.test && f.lines > most {
			t.Errorf("%s has %d lines, want at most %d", f.name, f.lines, most)
		}
	}
}
