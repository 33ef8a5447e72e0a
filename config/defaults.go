package config

import (
	"path/filepath"
	"slices"
	"time"
)

// fill puts the documented default wherever nothing is given. It may run twice.
func (c *Config) fill() {
	or(&c.StateDir, "/var/lib/millwright")
	or(&c.Log.Level, "info")
	or(&c.Log.Format, "json")
	if c.S3.Endpoint != "" {
		or(&c.S3.Region, "us-east-1")
	}
	or(&c.Service.Region, c.S3.Region)
	for i := range c.Drops {
		c.Drops[i].fill(c.StateDir)
	}
	for i := range c.Schedulers {
		c.Schedulers[i].fill()
	}
	for i := range c.Sinks {
		c.Sinks[i].fill()
	}
	c.Limits.fill()
}

func (d *Drop) fill(stateDir string) {
	if d.Include == nil {
		d.Include = []string{"*.csv", "*.csv.gz"}
	}
	or(&d.Component, "{folder}")
	or(&d.Complete.Rule, Settle)
	orFor(&d.Complete.Settle, 2*time.Second)
	or(&d.Complete.Marker, ".done")
	or(&d.After, ToArchive)
	or(&d.Archive.Dir, filepath.Join(stateDir, "archive"))
	or(&d.Archive.Gzip, On(true))
	orFor(&d.Archive.Keep, 720*time.Hour)
	or(&d.Archive.Max, Bytes(1<<30))
	d.CSV.fill()
}

func (c *CSV) fill() {
	or(&c.Delimiter, Auto)
	or(&c.Decimal, Auto)
	or(&c.Encoding, Auto)
	or(&c.TimestampFormat, Auto)
	or(&c.TimeZone, "UTC")
	or(&c.Layout, Auto)
	if c.GoodQuality == nil {
		c.GoodQuality = []string{"Good", "192"}
	}
	if c.BadValues == nil {
		c.BadValues = []string{"Bad", "No Data", "I/O Timeout", "NaN"}
	}
}

func (s *Scheduler) fill() {
	if s.Components == nil {
		for name := range s.Schema {
			s.Components = append(s.Components, name)
		}
		slices.Sort(s.Components)
		if s.Components == nil && s.Name != "" {
			s.Components = []string{s.Name}
		}
	}
	orFor(&s.UploadMargin, 30*time.Second)
	or(&s.Input.TimestampFormat, "yyyyMMddHHmmss")
	or(&s.Input.ComponentTimestampDelimiter, "-")
	if s.Training.Prefix != "" {
		or(&s.Training.Bucket, s.Input.Bucket)
	}
	or(&s.Resample.Aggregate, "mean")
	or(&s.Resample.Label, LabelEnd)
	or(&s.Resample.Fill, Hold)
	orFor(&s.Resample.MaxGap, max(3*s.TargetSamplingRate.Duration(), time.Minute))
	for name, sensor := range s.Resample.Sensors {
		or(&sensor.Aggregate, s.Resample.Aggregate)
		or(&sensor.Fill, s.Resample.Fill)
		or(&sensor.MaxGap, s.Resample.MaxGap)
		s.Resample.Sensors[name] = sensor
	}
	orFor(&s.Late.OverdueMax, 72*time.Hour)
	orFor(&s.Late.MaxAhead, 10*time.Minute)
	or(&s.Late.OnConflict, First)
	orFor(&s.Results.Timeout, 10*time.Minute)
	orFor(&s.Results.Keep, 720*time.Hour)
}

func (s *Sink) fill() {
	switch s.Kind {
	case CSVSink:
		s.what(WhatResults)
	case WebhookSink:
		s.what(WhatEvents, WhatAlarms)
	case MQTTSink:
		s.what(WhatResults, WhatEvents, WhatAlarms)
		or(&s.Topic, "millwright/{instance}/{scheduler}")
	}
}

func (s *Sink) what(words ...SinkWhat) {
	if s.What == nil {
		s.What = words
	}
}

func (l *Limits) fill() {
	or(&l.State, Bytes(4<<30))
	or(&l.Free, Percent(5))
	or(&l.Memory, Bytes(64<<20))
	or(&l.File, Bytes(5<<30))
	or(&l.Row, Bytes(1<<20))
	or(&l.Columns, 3001)
}

// or sets a value that is zero.
func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func orFor(d *Duration, otherwise time.Duration) { or(d, For(otherwise)) }
