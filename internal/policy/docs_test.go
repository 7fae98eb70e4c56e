package policy

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents returns the Markdown files of the repository, all modules', by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	return readAll(t, ".md")
}

// readAll returns the files whose name has an extension, those of the other
// modules too.
func readAll(t *testing.T, ext string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := walk(func(name string) error {
		if path.Ext(name) != ext {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		texts[name] = string(text)
		return err
	}, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinks(t *testing.T) {
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, ":") {
				continue // another site
			}
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s links to %s, and there is no such heading", name, m[1])
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors returns what the headings of a document are linked by.
func anchors(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			heading = notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			all = append(all, strings.ReplaceAll(heading, " ", "-"))
		}
	}
	return all
}

var makeCall = regexp.MustCompile("(?m)(?:^ {4}|`)make ([a-z]+)")

func TestMakeTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range documents(t) {
		for _, m := range makeCall.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", name, m[1])
			}
		}
	}
}

var (
	commandCall = regexp.MustCompile("(?m)(?:^ {4}|`)datasession ([a-z]+)")
	commandUse  = regexp.MustCompile(`Use:\s+"([a-z]+)`)
)

func TestCommands(t *testing.T) {
	commands := map[string]bool{}
	for name, text := range readAll(t, ".go") {
		if path.Dir(name) == "cmd/datasession" {
			for _, m := range commandUse.FindAllStringSubmatch(text, -1) {
				commands[m[1]] = true
			}
		}
	}
	for name, text := range documents(t) {
		for _, m := range commandCall.FindAllStringSubmatch(text, -1) {
			if !commands[m[1]] {
				t.Errorf("%s names datasession %s, which the command does not have", name, m[1])
			}
		}
	}
}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// The first Go block of the README is the program of example_readme_test.go, and
// every other one in a document stands in some Go file, so all of them compile.
func TestGoBlocks(t *testing.T) {
	sources := map[string]string{}
	for name, text := range readAll(t, ".go") {
		sources[name] = bare(text)
	}
	asExample := strings.NewReplacer("package main", "package datasession_test", "func main()", "func Example_readme()")
	for name, text := range documents(t) {
		for i, m := range goBlock.FindAllStringSubmatch(text, -1) {
			block := bare(m[1])
			if name == "README.md" && i == 0 {
				if bare(asExample.Replace(m[1])) != sources["example_readme_test.go"] {
					t.Error("the first Go block of README.md is not what example_readme_test.go has")
				}
				continue
			}
			has := func(source string) bool { return strings.Contains(source, block) }
			if !slices.ContainsFunc(slices.Collect(maps.Values(sources)), has) {
				t.Errorf("no Go file has the block in %s that begins with %q", name, firstLine(m[1]))
			}
		}
	}
}

// bare returns Go code without blank lines, lines of comment, and indentation.
func bare(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// A name in a document's code, such as Session.Flush, datasession.Get or
// sqlstore.Options.Table: a package or a type of the root package, and what is in it.
var (
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	qualified = regexp.MustCompile(`\b(\w+)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)
)

func TestNamesInDocuments(t *testing.T) {
	exported := exportedNames(t)
	for name, text := range documents(t) {
		for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
			for _, m := range qualified.FindAllStringSubmatch(span[1], -1) {
				pkg, names := m[1], m[2:]
				if exported["datasession"][pkg] {
					pkg, names = "datasession", m[1:]
				}
				full := strings.TrimSuffix(strings.Join(names, "."), ".")
				if exported[pkg] != nil && !exported[pkg][full] {
					t.Errorf("%s names %s, and package %s has no %s", name, m[0], pkg, full)
				}
			}
		}
	}
}

// exportedNames returns what each package of the main module exports: Name, and
// Type.Name for methods and fields. Names in tests are left out.
func exportedNames(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	for _, f := range mainModule(t) {
		if f.test {
			continue
		}
		pkg := f.syntax.Name.Name
		if all[pkg] == nil {
			all[pkg] = map[string]bool{}
		}
		for _, decl := range f.syntax.Decls {
			for _, name := range declared(decl) {
				all[pkg][name] = true
			}
		}
	}
	return all
}

func declared(decl ast.Decl) (names []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		names = append(names, name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					names = append(names, name.Name)
				}
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
				for _, member := range members(s.Type) {
					names = append(names, fmt.Sprintf("%s.%s", s.Name.Name, member))
				}
			}
		}
	}
	return names
}

func receiver(expr ast.Expr) string {
	switch x := expr.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

func members(expr ast.Expr) (names []string) {
	var fields *ast.FieldList
	switch x := expr.(type) {
	case *ast.StructType:
		fields = x.Fields
	case *ast.InterfaceType:
		fields = x.Methods
	default:
		return nil
	}
	for _, field := range fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
