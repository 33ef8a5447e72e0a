// Package millwright_test holds the rules that ARCHITECTURE.md states and a
// compiler does not check. It tests no behaviour.
package millwright_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "millwright"

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// list runs go list -json with args and gives the packages it names.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	args = append([]string{"list", "-e", "-json=ImportPath,Dir,Name,Doc,GoFiles,Imports"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// builds are the two builds of the module.
func builds() map[string][]string {
	return map[string][]string{"full": {"./..."}, "lean": {"-tags=agent", "./..."}}
}

// mayImport says which folders the packages of a folder may import. A name stands
// for its whole tree; internal/ledger is left out where the ledger is handed in.
func mayImport() map[string][]string {
	return map[string][]string{
		"cmd":       {"agent", "inference", "demo", "backfill", "validate", "config", "ingest", "upload", "results", "systemd", "internal"},
		"agent":     {"agent", "config", "ingest", "upload", "results", "internal"},
		"demo":      {"demo", "agent", "inference", "config", "internal"},
		"backfill":  {"backfill", "config", "ingest", "upload", "internal"},
		"validate":  {"validate", "config", "ingest", "internal"},
		"config":    {"config", "ingest", "upload", "results", "internal"},
		"ingest":    {"ingest", "internal"},
		"upload":    {"upload", "internal"},
		"results":   {"results", "internal"},
		"inference": {"inference", "internal"},
		"systemd":   {"internal"},
		"internal":  {"internal"},
		"bench":     {"internal"},
	}
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	noLedger := []string{"ingest", "upload", "results", "config", "validate"} // agent and backfill each own one
	rules := mayImport()
	for build, args := range builds() {
		for _, p := range list(t, args...) {
			from, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), "/")
			if p.ImportPath == module {
				continue // the folder of this test
			}
			if rules[from] == nil {
				t.Errorf("%s: no rule for the folder %s", p.ImportPath, from)
				continue
			}
			for _, imp := range p.Imports {
				path, own := strings.CutPrefix(imp, module+"/")
				if !own {
					continue
				}
				to, _, _ := strings.Cut(path, "/")
				if !slices.Contains(rules[from], to) {
					t.Errorf("%s build: %s imports %s", build, p.ImportPath, imp)
				}
				if path == "internal/ledger" && slices.Contains(noLedger, from) {
					t.Errorf("%s build: %s imports the ledger, which is to be handed in", build, p.ImportPath)
				}
			}
		}
	}
}

func TestOneFolderForEachDriver(t *testing.T) {
	t.Parallel()
	homes := []struct{ imp, home string }{
		{"github.com/aws/aws-sdk-go-v2/service/s3", module + "/internal/objstore"},
		{"github.com/aws/aws-sdk-go-v2/feature/s3", module + "/internal/objstore"},
		{"github.com/versity/versitygw", module + "/internal/s3server"},
		{"modernc.org/sqlite", module + "/internal/sqldb"},
		{"github.com/jackc/pgx", module + "/internal/sqldb"},
	}
	for build, args := range builds() {
		for _, p := range list(t, args...) {
			for _, imp := range p.Imports {
				for _, h := range homes {
					if below(imp, h.imp) && p.ImportPath != h.home {
						t.Errorf("%s build: %s imports %s, which only %s may", build, p.ImportPath, imp, h.home)
					}
				}
			}
		}
	}
}

// TestSeriesNeedsLittleOfArrow keeps compute kernels and gRPC out of gateways.
func TestSeriesNeedsLittleOfArrow(t *testing.T) {
	t.Parallel()
	const arrow = "github.com/apache/arrow/go/v17"
	for _, p := range list(t, "./internal/series/...") {
		for _, imp := range p.Imports {
			rest, is := strings.CutPrefix(imp, arrow)
			if is && !slices.Contains([]string{"/arrow", "/arrow/array", "/arrow/memory"}, rest) {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

func TestLeanBuildStaysLean(t *testing.T) {
	t.Parallel()
	heavy := []string{
		"github.com/versity/versitygw",
		"github.com/riverqueue/river",
		"github.com/jackc/pgx",
		"github.com/apache/arrow/go/v17/parquet",
		"github.com/apache/arrow/go/v17/arrow/compute",
		"gonum.org/v1/gonum",
	}
	for _, p := range list(t, "-deps", "-tags=agent", "./cmd/millwright") {
		for _, h := range heavy {
			if below(p.ImportPath, h) {
				t.Errorf("the lean build depends on %s", p.ImportPath)
			}
		}
	}
}

func TestEveryPackageSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue
		}
		begin := "Package " + p.Name + " "
		if p.Name == "main" {
			begin = "Command " + filepath.Base(p.Dir) + " "
		}
		if !strings.HasPrefix(p.Doc, begin) || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: its doc is %q; write a sentence that begins with %q", p.ImportPath, p.Doc, begin)
		}
	}
}

// TestTheMapIsTrue holds ARCHITECTURE.md against the tree: what its map names is
// there, what is there is on it, and it stays short enough to be read.
func TestTheMapIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 198 {
		t.Errorf("ARCHITECTURE.md has %d lines, more than 198", n)
	}
	parts := strings.SplitN(string(text), "```", 3)
	if len(parts) != 3 {
		t.Fatal("ARCHITECTURE.md has no map")
	}
	onMap := map[string]bool{}
	for _, word := range strings.FieldsFunc(parts[1], func(r rune) bool { return strings.ContainsRune(" \n,;'", r) }) {
		if !strings.Contains(word, "/") || strings.Contains(word, "service/s3") {
			continue
		}
		name := strings.Trim(word, "/")
		onMap[name] = true
		if st, err := os.Stat(name); err != nil || !st.IsDir() {
			t.Errorf("ARCHITECTURE.md names %s, which is no folder", name)
		}
	}
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == module || name == "ingest" || strings.Count(name, "/") > 1 || strings.HasSuffix(name, "/example") {
			continue
		}
		if !onMap[name] {
			t.Errorf("%s is not on the map of ARCHITECTURE.md", name)
		}
	}
}

const longest = 400 // lines of a file

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(path string, source []byte) {
		if n := bytes.Count(source, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines, more than %d: look for the seam", path, n, longest)
		}
	})
}

// TestNothingHidden looks for what makes a program start slowly or wait without
// being told to stop.
func TestNothingHidden(t *testing.T) {
	t.Parallel()
	eachGoFile(t, func(path string, source []byte) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "e2e/") {
			return
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: func init", files.Position(n.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && n.Sel.Name == "Sleep" {
					t.Errorf("%s: time.Sleep; use a timer and the context in a select", files.Position(n.Pos()))
				}
			}
			return true
		})
	})
}

func eachGoFile(t *testing.T, check func(path string, source []byte)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err == nil {
			check(path, source)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// below tells whether path is the package tree or lies in it.
func below(path, tree string) bool {
	return path == tree || strings.HasPrefix(path, tree+"/")
}
