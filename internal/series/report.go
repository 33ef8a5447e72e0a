package series

import "fmt"

// MaxFaults is how many faults a Report keeps word by word.
const MaxFaults = 20

// maxFaultText bounds Fault.Text, in bytes.
const maxFaultText = 1 << 10

// Report is what a Reader has met so far. Rows = Used + the faults of whole
// rows; with c value columns Used*c = Values + Empty + Marked + Text + Bad[BadCell]
// (in the long layout c = 1 and Untrusted is one more part).
type Report struct {
	Rows        int64               `json:"rows"`      // data rows read
	Used        int64               `json:"used"`      // rows given in batches
	Values      int64               `json:"values"`    // numbers
	Empty       int64               `json:"empty"`     // empty or absent cells
	Marked      int64               `json:"marked"`    // bad-value words and numbers
	Text        int64               `json:"text"`      // cells of columns that hold text, not numbers
	Untrusted   int64               `json:"untrusted"` // long layout: values whose quality is not good
	Bad         map[FaultKind]int64 `json:"bad"`       // faults by kind
	Faults      []Fault             `json:"faults"`    // the first MaxFaults
	First       int64               `json:"first"`     // oldest stamp of a used row, Unix ns; 0 without rows
	Last        int64               `json:"last"`      // newest stamp of a used row, Unix ns
	OutOfOrder  int64               `json:"out_of_order"`
	Skipped     int64               `json:"skipped"`                // comment lines and repeated headers between the rows
	TextColumns []string            `json:"text_columns,omitempty"` // columns that hold text and no number
	Warnings    []string            `json:"warnings,omitempty"`     // what a person should know, in words
	Damage      string              `json:"damage,omitempty"`       // why the file ends before its end: rows after it are lost
}

// HopelessError says why no row of a file can be used.
type HopelessError struct {
	Reason string // what is wrong and what to do
	Line   int64  // from 1; 0: the file as a whole
	Text   string // the line, at most 1 KiB
	Empty  bool   // there is no row at all (yet): nothing is lost
}

func (e *HopelessError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s: %q", e.Line, e.Reason, e.Text)
}

// faultLog counts faults, keeps the first ones and hands each one on.
type faultLog struct {
	bad   map[FaultKind]int64
	first []Fault
	on    func(Fault)
	text  func([]byte) string
}

// add takes the text as it stands in the file; it is only copied when somebody
// will read it.
func (l *faultLog) add(kind FaultKind, line int64, column string, text []byte, reason string) {
	if l.bad == nil {
		l.bad = map[FaultKind]int64{}
	}
	l.bad[kind]++
	if l.on == nil && len(l.first) >= MaxFaults {
		return
	}
	if len(text) > maxFaultText {
		text = text[:maxFaultText]
	}
	f := Fault{Line: line, Column: column, Text: l.text(text), Reason: reason, Kind: kind}
	if len(l.first) < MaxFaults {
		l.first = append(l.first, f)
	}
	if l.on != nil {
		l.on(f)
	}
}
