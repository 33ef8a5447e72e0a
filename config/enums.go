package config

import (
	"slices"

	"millwright/internal/window"
	"millwright/internal/yamlfile"
)

// The words that a key takes. Each type lists its own; the load refuses others
// and the editor's schema offers them.
type (
	LogLevel      string // lowest level that is logged
	LogFormat     string // form of a log line
	Rule          string // when a file is whole
	After         string // what becomes of an accounted file
	CellDelimiter string // between cells
	Decimal       string // between whole and fraction
	Encoding      string // of characters
	Layout        string // of a file
	NameFormat    string // of the stamp in an object's name
	NameDelimiter string // between component and stamp; see NoDelimiter
	Aggregate     string // how the values of a step become one
	Label         string // by which end a step is named
	Fill          string // what an empty step holds
	OnConflict    string // which of two values counts
	SinkKind      string // the way results take
	SinkWhat      string // what a sink gets
)

const (
	Settle Rule = "settle"
	Rename Rule = "rename"
	Marker Rule = "marker"

	ToArchive After = "archive"
	Delete    After = "delete"
	Keep      After = "keep"

	Auto = "auto" // of CellDelimiter, Decimal, Encoding and timestamp_format

	LabelEnd   Label = "end"
	LabelStart Label = "start"

	Hold Fill = "hold"
	None Fill = "none"

	First OnConflict = "first"
	Last  OnConflict = "last"

	CSVSink     SinkKind = "csv"
	WebhookSink SinkKind = "webhook"
	MQTTSink    SinkKind = "mqtt"

	WhatResults SinkWhat = "results"
	WhatEvents  SinkWhat = "events"
	WhatAlarms  SinkWhat = "alarms"

	// NoDelimiter is a component_timestamp_delimiter that is given and empty; the
	// empty string is one that is not given.
	NoDelimiter NameDelimiter = "none"
)

func (LogLevel) Values() []string   { return []string{"debug", "info", "warn", "error"} }
func (LogFormat) Values() []string  { return []string{"json", "console"} }
func (Rule) Values() []string       { return []string{"settle", "rename", "marker"} }
func (After) Values() []string      { return []string{"archive", "delete", "keep"} }
func (Decimal) Values() []string    { return []string{"auto", ".", ","} }
func (Layout) Values() []string     { return []string{"auto", "wide", "long"} }
func (Label) Values() []string      { return []string{"end", "start"} }
func (Fill) Values() []string       { return []string{"hold", "none"} }
func (OnConflict) Values() []string { return []string{"first", "last"} }
func (SinkKind) Values() []string   { return []string{"csv", "webhook", "mqtt"} }
func (SinkWhat) Values() []string   { return []string{"results", "events", "alarms"} }

func (CellDelimiter) Values() []string {
	return []string{"auto", ",", ";", "tab", "|", "space"}
}

func (Encoding) Values() []string {
	return []string{"auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252"}
}

func (NameFormat) Values() []string {
	return []string{"yyyyMMddHHmmss", "yyyy-MM-dd-HH-mm-ss", "EPOCH"}
}

func (NameDelimiter) Values() []string { return []string{"-", "_", " ", ""} }

func (Aggregate) Values() []string {
	return []string{"mean", "median", "min", "max", "sum", "count", "first", "last"}
}

// UnmarshalText reads the character itself; the empty text is NoDelimiter.
func (d *NameDelimiter) UnmarshalText(text []byte) error {
	s := string(text)
	if !slices.Contains(d.Values(), s) {
		return yamlfile.NotOneOf(s, d.Values())
	}
	if *d = NameDelimiter(s); s == "" {
		*d = NoDelimiter
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d NameDelimiter) MarshalText() ([]byte, error) { return []byte(d.Text()), nil }

// Text is the delimiter as it stands in a key.
func (d NameDelimiter) Text() string {
	switch d {
	case "":
		return window.DefaultDelimiter
	case NoDelimiter:
		return ""
	}
	return string(d)
}
