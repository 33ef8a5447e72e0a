package series

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What an earlier file left in a Memory shows in no later one.
func TestMemoryOfEarlierFilesShowsNowhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &Memory{}
		for range 3 {
			text := aFile(t)
			want := everything(t, text, nil)
			if got := everything(t, text, m); got != want {
				t.Fatalf("with memory of another file:\n%s\nwithout:\n%s\nfile:\n%s", got, want, text)
			}
			for _, v := range [][]float64{m.values[:cap(m.values)]} {
				for i := range v {
					v[i] = 7777
				}
			}
			for _, v := range [][]int64{m.times[:cap(m.times)], m.lines[:cap(m.lines)]} {
				for i := range v {
					v[i] = 7777
				}
			}
			for i := range m.text {
				m.text[i] = '7'
			}
		}
	})
}

// aFile has gaps, short rows, text and bad stamps.
func aFile(t *rapid.T) string {
	var b strings.Builder
	columns := rapid.IntRange(1, 5).Draw(t, "columns")
	b.WriteString("time")
	for c := range columns {
		fmt.Fprintf(&b, ",s%d", c)
	}
	for i := range rapid.IntRange(1, 40).Draw(t, "rows") {
		fmt.Fprintf(&b, "\n2026-01-02T00:00:%02d", i)
		for range rapid.IntRange(0, columns).Draw(t, "cells") {
			b.WriteString(rapid.SampledFrom([]string{",1.5", ",", ",\"2\"", ",-12345678.125", ",x", ",NaN"}).Draw(t, "cell"))
		}
	}
	b.WriteString(rapid.SampledFrom([]string{"", "\n", "\nbad,1\n"}).Draw(t, "end"))
	return b.String()
}

// everything is what a Reader says of a file, in words.
func everything(t *rapid.T, text string, m *Memory) string {
	var b strings.Builder
	r, err := NewReader(strings.NewReader(text), Options{Lines: true, Memory: m})
	if err != nil {
		return err.Error()
	}
	for {
		batch, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				b.WriteString(err.Error())
			}
			break
		}
		fmt.Fprintln(&b, batch.Times, batch.Lines)
		for _, c := range batch.Columns {
			for _, v := range c {
				fmt.Fprintf(&b, " %x", math.Float64bits(v))
			}
		}
	}
	fmt.Fprintf(&b, "%+v %v", r.Report(), r.Names())
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
