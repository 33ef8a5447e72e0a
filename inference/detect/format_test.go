package detect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"testing"
)

func encoded(t testing.TB, m *Model) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestModelComesBackAsItWas(t *testing.T) {
	t.Parallel()
	m := train(t, gappy(50, 4000), plant{}.settings())
	b := encoded(t, m)
	back, err := ReadModel(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, back), b) {
		t.Error("decoded and encoded again it has other bytes")
	}
	f := gappy(51, 600)
	end := f.Labels[len(f.Labels)-1] + 1
	if text(lines(t, m, f), 0, end) != text(lines(t, back, f), 0, end) {
		t.Error("decoded it scores differently")
	}
}

// TestSameDataSameModelWhateverTheCores also has so many sensors that the linear
// algebra works on several cores.
func TestSameDataSameModelWhateverTheCores(t *testing.T) {
	few, many := gappy(52, 4000), wide(2500, 40)
	rate := plant{}.settings().Rate
	both := func() []byte {
		return append(encoded(t, train(t, few, plant{}.settings())), encoded(t, train(t, many, Settings{Rate: rate}))...)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	two := both()
	runtime.GOMAXPROCS(1)
	if !bytes.Equal(two, both()) {
		t.Error("on one core the model is another")
	}
}

// sealed gives text a checksum that fits.
func sealed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func TestDamagedAndNewerModelsAreRefused(t *testing.T) {
	t.Parallel()
	good := encoded(t, train(t, gappy(53, 3000), plant{}.settings()))
	for at := 0; at < len(good); at += 1 + len(good)/300 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x20
		if err := new(Model).UnmarshalBinary(bad); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
		if err := new(Model).UnmarshalBinary(good[:at]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
	newer := bytes.Clone(good[:len(good)-sha256.Size])
	binary.LittleEndian.PutUint32(newer[8:], version+1)
	if err := new(Model).UnmarshalBinary(sealed(newer)); !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
	binary.LittleEndian.PutUint32(newer[8:], 0)
	if err := new(Model).UnmarshalBinary(sealed(newer)); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// endless gives zeros and counts them.
type endless struct{ n int }

func (e *endless) Read(b []byte) (int, error) {
	clear(b)
	e.n += len(b)
	return len(b), nil
}

func TestWhatIsNoModelIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	var large endless
	if _, err := ReadModel(&large); !errors.Is(err, ErrDamaged) || large.n > 1<<20 {
		t.Errorf("%v after %d bytes", err, large.n)
	}
}

// TestHeadsThatCannotBeAreRefused changes one number of a good model's head.
func TestHeadsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	good := encoded(t, train(t, gappy(56, 3000), plant{}.settings()))
	end := 16 + binary.LittleEndian.Uint32(good[12:])
	head, body := good[16:end], good[end:len(good)-sha256.Size]
	for name, change := range map[string]func(*header){
		"as it was":        nil,
		"rate":             func(h *header) { h.Rate = 1 },
		"restart":          func(h *header) { h.Restart = math.MaxInt64 },
		"hold":             func(h *header) { h.Hold[1] = math.MaxInt64 },
		"backwards":        func(h *header) { h.Hold[1] = -1 },
		"off sensor":       func(h *header) { h.Off.Sensor.Sensor = "none" },
		"a sensor too few": func(h *header) { h.Columns = h.Columns[1:] },
		"spans":            func(h *header) { h.Spans.Score = 1 << 30 },
		"a limit too few":  func(h *header) { h.Search.Episodes = h.Search.Episodes[1:] },
		"fewer than none":  func(h *header) { h.Search.Episodes[3] = -1 },
		"limits below":     func(h *header) { h.Search.From = h.Limit.Median },
		"no time":          func(h *header) { h.Search.Weeks = 0 },
	} {
		var h header
		if err := json.Unmarshal(head, &h); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(&h)
		}
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		b := binary.LittleEndian.AppendUint32(append([]byte(magic), version, 0, 0, 0), uint32(len(text)))
		if err := new(Model).UnmarshalBinary(sealed(append(append(b, text...), body...))); (err == nil) != (change == nil) || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzModel changes a model's head and a number of its body, and gives it a length and
// a checksum that fit: whatever is accepted must be able to score.
func FuzzModel(f *testing.F) {
	good := encoded(f, train(f, plant{seed: 54, rows: 1500}.frame(), plant{}.settings()))
	end := 16 + binary.LittleEndian.Uint32(good[12:])
	head, body := good[16:end], good[end:len(good)-sha256.Size]
	rows := plant{seed: 55, rows: 40, holes: 0.1}.frame()
	f.Add(head, uint16(0), 1.0)
	f.Add([]byte("{}"), uint16(9), -1e300)
	f.Fuzz(func(t *testing.T, head []byte, at uint16, v float64) {
		b := append([]byte(magic), version, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
		b = append(append(b, head...), body...)
		binary.LittleEndian.PutUint64(b[len(b)-len(body)+int(at)*8%len(body):], math.Float64bits(v))
		var m Model
		if m.UnmarshalBinary(sealed(b)) != nil || len(m.names) != len(rows.Columns) {
			return
		}
		if other, err := m.WithFalseAlarms(0.3); err == nil {
			m = *other
		}
		for _, r := range lines(t, &m, rows) {
			if r.HasScore && !(r.Score >= 0 && r.Score <= 1) {
				t.Fatalf("score %v", r.Score)
			}
		}
	})
}

// TestOddNumbersStillScore holds what a checksum cannot: a model whose numbers are odd
// gives no score outside 0 to 1.
func TestOddNumbersStillScore(t *testing.T) {
	t.Parallel()
	good := encoded(t, train(t, plant{seed: 54, rows: 1500}.frame(), plant{}.settings()))
	body := int(16 + binary.LittleEndian.Uint32(good[12:]))
	rows := plant{seed: 55, rows: 40, holes: 0.1}.frame()
	accepted := 0
	for at := body; at < len(good)-sha256.Size; at += 8 * 23 {
		for _, v := range []float64{math.MaxFloat64, -math.MaxFloat64, 1e-308, math.NaN()} {
			b := bytes.Clone(good[:len(good)-sha256.Size])
			binary.LittleEndian.PutUint64(b[at:], math.Float64bits(v))
			var m Model
			if m.UnmarshalBinary(sealed(b)) != nil {
				continue
			}
			accepted++
			for _, r := range lines(t, &m, rows) {
				if r.HasScore && !(r.Score >= 0 && r.Score <= 1) {
					t.Fatalf("with %v at %d: score %v", v, at, r.Score)
				}
				for _, s := range r.Diagnostics {
					if !(s.Value >= 0 && s.Value <= 1) {
						t.Fatalf("with %v at %d: share %v", v, at, s.Value)
					}
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("none was accepted")
	}
}

func TestModelThatCannotFillStillScores(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 54, rows: 1500}.frame(), plant{}.settings())
	clear(m.basis.fill)
	var odd Model
	if err := odd.UnmarshalBinary(encoded(t, m)); err != nil {
		t.Fatal(err)
	}
	rows := plant{seed: 55, rows: 100, fault: func(_ int, c []float64) { c[3] = math.NaN() }}
	for _, r := range lines(t, &odd, rows.frame()) {
		if r.HasScore && !(r.Score >= 0 && r.Score <= 1) {
			t.Fatalf("score %v", r.Score)
		}
	}
}
