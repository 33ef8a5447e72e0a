package series

import "time"

// Layout says how values lie in a file.
type Layout string

const (
	Wide Layout = "wide" // timestamp, one column per sensor
	Long Layout = "long" // timestamp, tag, value[, quality]
	Auto Layout = "auto" // long when the file looks like it, else wide
)

// Options are what the configuration may pin; the zero value sniffs everything.
type Options struct {
	Delimiter       string         // "auto" or "": sniffed; "," ";" "tab" "|" "space"
	Decimal         string         // "auto" or "": sniffed; "." ","
	Encoding        string         // "auto" or "": sniffed; "utf-8" "utf-16" "utf-16le" "utf-16be" "windows-1252"
	Header          []int          // line numbers (from 1) of names and, optionally, units; nil: sniffed
	TimestampColumn string         // name of the column; "": the first
	TimestampFormat string         // "auto" or "": sniffed; a form of the service's list, "iso", "epoch", "epoch_ms", "epoch_us", "epoch_ns", or any pattern of y M d H h m s S a X, such as "M/d/yyyy HH:mm"
	Zone            *time.Location // for stamps without a zone; nil: UTC
	Layout          Layout         // "": wide
	GoodQuality     []string       // long layout: values of the quality column that count as good
	BadValues       []string       // words (or numbers) that stand for a missing value
	Lines           bool           // fill Batch.Lines
	MaxRow          int            // bytes; 0: 1 MiB
	MaxColumns      int            // 0: 3001
	MaxBytes        int64          // of decompressed input; 0: 5 GiB; negative: no limit
	LastStamp       int64          // last stamp taken from the same source (Unix ns), to choose the pass in a repeated hour; 0: none
	ModTime         time.Time      // the file's, for the same choice
	OnFault         func(Fault)    // called for every bad row or cell; nil: only counted
	Resume          *Resume        // read on in a file that grew
	Memory          *Memory        // of the Reader before, when that is closed; nil: fresh
	WholeLines      bool           // a last line without newline is not read (see Reader.Consumed)
}

// Resume is where reading a grown file goes on: the dialect found at its
// beginning, and the first byte and line not yet read.
type Resume struct {
	Dialect Dialect
	Offset  int64 // the io.Reader handed to NewReader starts here
	Line    int64 // lines before Offset
}

// Fault is a row or a cell that could not be used.
type Fault struct {
	Line   int64  // from 1
	Column string // "" when the whole row is lost
	Text   string // the cell, or the row, as it stands (at most 1 KiB)
	Reason string // what is wrong and what to do, in words
	Kind   FaultKind
}

// FaultKind groups faults for counting.
type FaultKind string

const (
	BadStamp  FaultKind = "timestamp"  // no instant can be read
	GapStamp  FaultKind = "dst-gap"    // a local time that does not exist
	Ambiguous FaultKind = "dst-repeat" // a local time that exists twice, and nothing tells which
	BadCell   FaultKind = "value"      // text that is no number
	BadRow    FaultKind = "row"        // too many cells, too long, a NUL, an open quote
)
