package simulate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"millwright/internal/clock"
)

// Logger writes a plant's rows as CSV drops: Dir/{component}/{component}_{end}.csv,
// each with the rows of a stretch of time, renamed into place when it is whole.
type Logger struct {
	Plant *Plant
	Dir   string
	Every time.Duration // length of a file in business time; 0: one minute

	plantAt func(time.Time) *Plant // the plant as it is then; nil: always Plant
}

// Run writes drops as c passes, from its present time on, until ctx ends. It
// returns ctx's error or the first one of writing.
func (l *Logger) Run(ctx context.Context, c clock.Clock) error {
	from := c.Now().Truncate(l.every())
	for {
		to := from.Add(l.every())
		if err := c.Wait(ctx, to, nil); err != nil {
			return err
		}
		if _, err := l.Write(from, to); err != nil {
			return err
		}
		from = to
	}
}

// Write drops the rows after from and up to to, one file per component, and
// gives their paths. The stretch should begin and end at multiples of the rate.
func (l *Logger) Write(from, to time.Time) ([]string, error) {
	var paths []string
	for _, component := range Components() {
		path := filepath.Join(l.Dir, component, component+"_"+to.UTC().Format("20060102T150405Z")+".csv")
		if err := drop(path, l.rows(component, from, to)); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (l *Logger) every() time.Duration {
	if l.Every > 0 {
		return l.Every
	}
	return time.Minute
}

func (l *Logger) rows(component string, from, to time.Time) []byte {
	text := []byte("Timestamp")
	for _, name := range Sensors(component) {
		text = append(append(text, ','), name...)
	}
	text = append(text, '\n')
	var row []float64
	first := from.Truncate(l.Plant.Rate()).Add(l.Plant.Rate())
	for t := first.UTC(); !t.After(to); t = t.Add(l.Plant.Rate()) {
		text = t.AppendFormat(text, time.RFC3339)
		plant := l.Plant
		if l.plantAt != nil {
			plant = l.plantAt(t)
		}
		row = plant.Row(row[:0], component, t)
		for _, v := range row {
			text = strconv.AppendFloat(append(text, ','), v, 'g', 7, 64)
		}
		text = append(text, '\n')
	}
	return slices.Clip(text)
}

// drop makes the file appear whole. It is not made durable: a logger that loses
// power loses its last file, as real ones do.
func drop(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the drop folder: %w", err)
	}
	part := path + ".part"
	if err := os.WriteFile(part, text, 0o644); err != nil {
		return fmt.Errorf("write drop: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("finish drop: %w", err)
	}
	return nil
}
