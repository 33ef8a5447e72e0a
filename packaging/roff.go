package main

import (
	"bytes"
	"fmt"
	"strings"
)

// roff is a man page that is being written.
type roff struct{ b bytes.Buffer }

func (r *roff) bytes() []byte { return r.b.Bytes() }

func (r *roff) line(format string, args ...any) { fmt.Fprintf(&r.b, format+"\n", args...) }

func (r *roff) head(name, section string, s source) {
	r.line(`.TH "%s" %s "%s" "%s" "millwright manual"`, strings.ToUpper(escape(name)), section, s.time.Format("2006-01-02"), escape(s.version))
	r.line(".nh") // names and flags are never broken
	r.line(".ad l")
}

func (r *roff) section(name string) { r.line(".SH %s", name) }

// bold and italic mark text for item.
func (r *roff) bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func (r *roff) italic(text string) string { return `\fI` + escape(text) + `\fR` }

// item is a term, already marked, and what it means.
func (r *roff) item(term, text string) {
	r.line(".TP")
	r.line("%s", term)
	r.line("%s", guard(escape(strings.Join(strings.Fields(text), " "))))
}

// text writes paragraphs; what is indented in it stays as it is.
func (r *roff) text(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			r.line(".PP")
		}
		if strings.HasPrefix(paragraph, "  ") {
			r.code(paragraph)
			continue
		}
		for line := range strings.Lines(paragraph) {
			r.line("%s", guard(escape(strings.TrimSpace(line))))
		}
	}
}

// code writes lines as they are.
func (r *roff) code(text string) {
	r.line(".PP\n.RS 4\n.nf")
	for line := range strings.Lines(text) {
		r.line("%s", guard(escape(strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))))
	}
	r.line(".fi\n.RE")
}

func (r *roff) synopsis(v verb) {
	if len(v.Below) > 0 {
		r.line(`%s \fICOMMAND\fR [\fIflags\fR]`, r.bold(v.Name))
		return
	}
	r.line("%s%s", r.bold(v.Name), guard(escape(strings.TrimPrefix(v.Use, v.Name))))
}

// files is the section that all pages share.
func (r *roff) files() {
	r.section("FILES")
	for _, f := range [][2]string{
		{"/etc/millwright/agent.yaml", "The agent's configuration, see millwright-agent.yaml(5)."},
		{"/etc/millwright/credentials", "Keys of the store, in the form of ~/.aws/credentials; read by systemd, which hands the agent a copy. Optional."},
		{"/var/lib/millwright", "The state folder: ledger, spool, archive, late/, repeats/, quarantine/, results/."},
		{"/srv/drop", "The drop folder that the unit lets the agent write to; others by a drop-in."},
		{"/usr/share/doc/millwright*/operating.md.gz", "Installing, watching, upgrading, removing."},
	} {
		r.item(r.italic(f[0]), f[1])
	}
}

// escape makes text mean itself.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", "\\`").Replace(text)
}

// guard keeps a line of text from being a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
