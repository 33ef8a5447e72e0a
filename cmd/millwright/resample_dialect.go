package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"millwright/internal/series"
	"millwright/internal/window"
)

// dialectArgs pin what cannot be found out from a file; the names are those
// below csv in the configuration.
type dialectArgs struct {
	delimiter, decimal        string
	timestampColumn, stamp    string
	zone, layout              string
	goodQuality, badValueList []string
}

func (d *dialectArgs) flags(f *pflag.FlagSet) {
	f.StringVar(&d.delimiter, "delimiter", "auto", "between cells: auto, or one of , ; tab | space")
	f.StringVar(&d.decimal, "decimal", "auto", "in numbers: auto, or one of . ,")
	f.StringVar(&d.timestampColumn, "timestamp-column", "", "`NAME` of the column with the timestamp (default: the first)")
	f.StringVar(&d.stamp, "timestamp-format", "auto", "auto, iso, epoch, epoch_ms, epoch_us, epoch_ns or a pattern such as dd.MM.yyyy HH:mm:ss")
	f.StringVar(&d.zone, "time-zone", "UTC", "of timestamps that name none: Europe/Berlin or +01:00")
	f.StringVar(&d.layout, "layout", string(series.Auto), "auto, wide (a column per sensor) or long (timestamp, tag, value, quality)")
	f.StringSliceVar(&d.goodQuality, "good-quality", nil, "values of a quality column that count as good, with commas between them")
	f.StringSliceVar(&d.badValueList, "bad-values", nil, "words that stand for a missing value, with commas between them")
}

func (d *dialectArgs) options() (series.Options, error) {
	o := series.Options{
		Delimiter: d.delimiter, Decimal: d.decimal, TimestampColumn: d.timestampColumn, TimestampFormat: d.stamp,
		Layout: series.Layout(d.layout), GoodQuality: d.goodQuality, BadValues: d.badValueList, MaxBytes: -1,
	}
	switch o.Layout {
	case series.Auto, series.Wide, series.Long:
	default:
		return o, fmt.Errorf("--layout %q: use auto, wide or long", d.layout)
	}
	if strings.HasPrefix(d.zone, "+") || strings.HasPrefix(d.zone, "-") {
		offset, err := window.ParseOffset(d.zone)
		if err != nil {
			return o, fmt.Errorf("--time-zone %q: write a sign, hours and minutes, such as +01:00", d.zone)
		}
		o.Zone = time.FixedZone(d.zone, int(offset.Seconds()))
		return o, nil
	}
	zone, err := time.LoadLocation(d.zone)
	if err != nil || d.zone == "" || d.zone == "Local" {
		return o, fmt.Errorf("--time-zone %q: write a name such as Europe/Berlin, or +hh:mm", d.zone)
	}
	o.Zone = zone
	return o, nil
}

// asFlags names the flags where the reader of files names keys of the configuration.
var asFlags = strings.NewReplacer(
	"csv.delimiter", "--delimiter", "csv.decimal", "--decimal",
	"csv.timestamp_column", "--timestamp-column", "csv.timestamp_format", "--timestamp-format",
	"csv.layout: ", "--layout ", "csv.good_quality", "--good-quality", "csv.bad_values", "--bad-values",
	"give it one with csv.rename", "give it one in the file", "give it a shorter one with csv.rename", "give it a shorter one in the file",
	"tell them apart with csv.rename", "tell them apart in the file",
	"; split it, or raise limits.columns", "; split it", "longer than limits.row; correct it, or raise the limit", "too long; correct it",
	"; correct it, or raise limits.row", "; correct it",
)

// onto tells whether the output is the input: the input would be replaced.
func (a resampleArgs) onto() bool {
	in, err := os.Stat(a.in)
	if err != nil || a.in == "-" || a.out == "-" || !in.Mode().IsRegular() {
		return false
	}
	out, err := os.Stat(a.out)
	return err == nil && os.SameFile(in, out)
}
