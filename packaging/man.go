package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// verb is one verb of the command line, as a build with -tags man prints it.
type verb struct {
	Name    string // with those above it
	Use     string
	Short   string
	Long    string
	Example string
	Flags   []struct{ Name, Shorthand, Value, Usage, Default string }
	Below   []verb
}

// page is the name of the verb's man page, without its section.
func (v verb) page() string { return strings.ReplaceAll(v.Name, " ", "-") }

// pages writes the man pages of a product's verbs, and of its configuration.
func (s source) pages(ctx context.Context, p product, stage string) error {
	tags := strings.Trim("man,"+p.tags, ",")
	tree, err := s.output(ctx, target(host), "go", "run", "-tags", tags, "./cmd/millwright")
	if err != nil {
		return err
	}
	var root verb
	if err := json.Unmarshal(tree, &root); err != nil {
		return fmt.Errorf("read the verbs: %w", err)
	}
	dir := filepath.Join(stage, "man")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	m := manual{source: s, dir: dir, codes: exitCodes(root.Long)}
	if err := m.verbs(root, nil); err != nil {
		return err
	}
	schema, err := os.ReadFile(filepath.Join(s.dir, "config", "agent.schema.json"))
	if err != nil {
		return err
	}
	return m.configuration(schema)
}

// manual writes pages to a folder.
type manual struct {
	source source
	dir    string
	codes  []string // lines of code and meaning
}

// exitCodes cuts the table of exit codes out of the root's help.
func exitCodes(long string) (lines []string) {
	_, table, _ := strings.Cut(long, "Exit codes:\n")
	for line := range strings.Lines(table) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// verbs writes the page of a verb and of those below it.
func (m manual) verbs(v verb, above *verb) error {
	if err := m.verb(v, above); err != nil {
		return err
	}
	for _, b := range v.Below {
		if err := m.verbs(b, &v); err != nil {
			return err
		}
	}
	return nil
}

func (m manual) verb(v verb, above *verb) error {
	var r roff
	r.head(v.page(), "1", m.source)
	r.section("NAME")
	r.text(v.page() + " - " + v.Short)
	r.section("SYNOPSIS")
	r.synopsis(v)
	r.section("DESCRIPTION")
	long, _, _ := strings.Cut(v.Long, "Exit codes:\n")
	if strings.TrimSpace(long) == "" {
		long = v.Short + "."
	}
	r.text(long)
	if len(v.Below) > 0 {
		r.section("COMMANDS")
		for _, b := range v.Below {
			r.item(r.bold(strings.TrimPrefix(b.Name, "millwright ")), b.Short+". See "+b.page()+"(1).")
		}
	}
	if len(v.Flags) > 0 {
		r.section("OPTIONS")
		for _, f := range v.Flags {
			name := r.bold("--" + f.Name)
			if f.Shorthand != "" {
				name = r.bold("-"+f.Shorthand) + ", " + name
			}
			if f.Value != "" {
				name += " " + r.italic(f.Value)
			}
			usage := f.Usage
			if shown := f.Default; shown != "" && shown != "false" && shown != "0" && shown != "0s" && shown != "[]" && !strings.Contains(usage, "default") {
				usage += " (default: " + shown + ")"
			}
			r.item(name, usage)
		}
	}
	if v.Example != "" {
		r.section("EXAMPLES")
		r.code(v.Example)
	}
	r.section("EXIT STATUS")
	for _, line := range m.codes {
		code, meaning, _ := strings.Cut(line, " ")
		r.item(r.bold(code), strings.TrimSpace(meaning))
	}
	r.files()
	r.section("SEE ALSO")
	r.text(strings.Join(related(v, above), ", "))
	return squeeze(filepath.Join(m.dir, v.page()+".1.gz"), r.bytes())
}

// related are the pages that a verb's page points to.
func related(v verb, above *verb) (all []string) {
	if above != nil {
		all = append(all, above.page()+"(1)")
	}
	for _, b := range v.Below {
		all = append(all, b.page()+"(1)")
	}
	return append(all, "millwright-agent.yaml(5)", "systemctl(1)", "journalctl(1)")
}
