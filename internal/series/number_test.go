package series

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// numberTexts gives texts of numbers of every shape, for ever.
func numberTexts(rng *rand.Rand) string {
	switch rng.IntN(6) {
	case 0: // decimals of every length
		return digitText(rng, 1+rng.IntN(22)) + "." + digitText(rng, 1+rng.IntN(22))
	case 1:
		return digitText(rng, 1+rng.IntN(25))
	case 2: // any float64, shortest
		return strconv.FormatFloat(anyFloat(rng), 'g', -1, 64)
	case 3: // any float64, cut or drawn out
		return strconv.FormatFloat(anyFloat(rng), 'e', rng.IntN(25), 64)
	case 4: // what sensors give
		return strconv.FormatFloat((rng.Float64()-0.5)*math.Pow10(rng.IntN(9)), 'f', rng.IntN(12), 64)
	}
	return digitText(rng, 1+rng.IntN(8)) + "." + digitText(rng, 1+rng.IntN(8))
}

func digitText(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(rng.IntN(10))
	}
	return string(b)
}

func anyFloat(rng *rand.Rand) float64 {
	for {
		if f := math.Float64frombits(rng.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
}

// The scanner and strconv agree bit for bit, also on the sign of zero.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	batches := 250
	if testing.Short() {
		batches = 20
	}
	for seed := range 4 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(seed), 7))
			for range batches {
				checkNumbers(t, rng, 40, 60)
			}
		})
	}
}

// checkNumbers reads a table of numbers, each alone and all as a file.
func checkNumbers(t *testing.T, rng *rand.Rand, columns, rows int) {
	text := []byte("t" + strings.Repeat(",x", columns) + "\n")
	var want []float64
	for i := range rows {
		text = fmt.Appendf(text, "2026-01-02T00:00:%02d", i)
		for range columns {
			s := numberTexts(rng)
			if s[0] != '-' && rng.IntN(2) == 0 {
				s = "-" + s
			}
			f, err := strconv.ParseFloat(s, 64)
			if got, ok := parseNumber([]byte(s), '.'); ok != (err == nil) || ok && math.Float64bits(got) != math.Float64bits(f) {
				t.Fatalf("parseNumber(%q) = %v %v, strconv says %v %v", s, got, ok, f, err)
			}
			if err != nil {
				f = math.NaN()
			}
			want = append(want, f)
			text = append(append(text, ','), s...)
		}
		text = append(text, '\n')
	}
	r, err := NewReader(bytes.NewReader(text), Options{BadValues: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	row := 0
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len() {
			for c := range columns {
				got, f := b.Columns[c][i], want[row*columns+c]
				if math.Float64bits(got) != math.Float64bits(f) && !(got != got && f != f) {
					t.Fatalf("row %d column %d: read %v, strconv says %v", row, c, got, f)
				}
			}
			row++
		}
	}
	if row != rows {
		t.Fatalf("read %d rows of %d; %v", row, rows, r.Report().Faults)
	}
}

func TestNumberForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		mark byte
		want float64
		ok   bool
	}{
		{"1", '.', 1, true},
		{"+1.5", '.', 1.5, true},
		{"-0", '.', math.Copysign(0, -1), true},
		{".5", '.', 0.5, true},
		{"5.", '.', 5, true},
		{"1,5", ',', 1.5, true},
		{"1.5", ',', 0, false},
		{"1,5", '.', 0, false},
		{"1e3", '.', 1000, true},
		{"1E-3", '.', 0.001, true},
		{"1,25e+02", ',', 125, true},
		{"", '.', 0, false},
		{"-", '.', 0, false},
		{".", '.', 0, false},
		{"e5", '.', 0, false},
		{"1e", '.', 0, false},
		{"1e+", '.', 0, false},
		{"--1", '.', 0, false},
		{"0x10", '.', 0, false},
		{"1_000", '.', 0, false},
		{"inf", '.', 0, false},
		{"nan", '.', 0, false},
		{"1e999", '.', 0, false},
		{"1e-999", '.', 0, true},
		{"1 000", '.', 0, false},
		{"=1+1", '.', 0, false},
		{"12abc", '.', 0, false},
		{"0000000000000000000000001.5", '.', 1.5, true},
		{"0.00000000000000000000000000000000000001", '.', 1e-38, true},
		{"9007199254740993", '.', 9007199254740992, true},
	} {
		got, ok := parseNumber([]byte(c.text), c.mark)
		if ok != c.ok || ok && math.Float64bits(got) != math.Float64bits(c.want) {
			t.Errorf("parseNumber(%q, %q) = %v %v, want %v %v", c.text, c.mark, got, ok, c.want, c.ok)
		}
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "-12.345", "1e5", "9007199254740993", "1,5", "", "0x1p-2", "1_0", "+.5e-7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseNumber([]byte(s), '.')
		want, err := strconv.ParseFloat(s, 64)
		plain := strings.Trim(s, "0123456789+-.eE") == ""
		if ok != (err == nil && plain) || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("parseNumber(%q) = %v %v, strconv says %v %v", s, got, ok, want, err)
		}
	})
}

func BenchmarkNumber(b *testing.B) {
	for _, s := range []string{"123.4567", "-0.123456", "1013.25", "12.345678901234567", "1.5e-3"} {
		b.Run(s, func(b *testing.B) {
			text := []byte(s)
			for b.Loop() {
				parseNumber(text, '.')
			}
		})
	}
}
