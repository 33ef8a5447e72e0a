package detect

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// The file of a model, little-endian throughout, the same on every machine:
//
//	8 bytes  "mwmodel\n"
//	4 bytes  version
//	4 bytes  length of the head
//	head     JSON: all that is small, among it the sizes of what follows
//	body     float64s: the fill matrix, the ridges' weights, the axes, and for each
//	         mode its count, mean and the upper triangle of its scatter
//	32 bytes SHA-256 of everything before
const (
	magic   = "mwmodel\n"
	version = 1
	maxHead = 16 << 20
	maxBody = 1 << 30 // bytes; 300 sensors in six modes are 60 MB
)

// What is wrong with a model's file. Neither gets better by reading again.
var (
	ErrDamaged = errors.New("the model file is damaged: copy it again from where it was made")
	ErrNewer   = errors.New("the model file was made by a newer millwright: update this one")
)

// header is the part of a model that is small.
type header struct {
	Trained     Trained      `json:"trained"`
	Rate        int64        `json:"rate_ns"`
	Restart     int64        `json:"restart_ns"`
	Off         frame.Off    `json:"off"`
	Names       []frame.Name `json:"names"`
	Hold        []int64      `json:"hold_ns"`
	Fences      []Fence      `json:"fences"`
	Columns     []int        `json:"columns"`
	Spans       Spans        `json:"spans"`
	Lags        int          `json:"lags"`
	Modes       Modes        `json:"modes"`
	FillScale   Scale        `json:"fill_scale"`
	Scale       Scale        `json:"scale"`
	Others      []float64    `json:"others_spread"`
	Lagged      []float64    `json:"lagged_spread"`
	OthersKnown []float64    `json:"others_known"`
	LaggedKnown []float64    `json:"lagged_known"`
	Known       []float64    `json:"sensors_known"`
	Rest        []float64    `json:"rest_spread"`
	Axes        []float64    `json:"axes_spread"`
	Penalty     penalty      `json:"ridge"`
	Calibration Calibration  `json:"calibration"`
	Limit       Limit        `json:"limit"`
	Search      *search      `json:"search,omitempty"` // older files have none
}

// MarshalBinary gives the file of a model.
func (m *Model) MarshalBinary() ([]byte, error) {
	h := header{
		Trained: m.Trained, Rate: int64(m.rules.Rate), Restart: int64(m.rules.Restart), Off: m.rules.Off, Names: m.names,
		Fences: m.basis.fences, Columns: m.basis.columns, Spans: m.basis.spans, Lags: Lags, Modes: m.basis.modes, FillScale: m.basis.scale, Scale: m.fit.scale,
		Others: m.fit.others.Spread, Lagged: m.fit.lagged.Spread, OthersKnown: m.fit.others.Known, LaggedKnown: m.fit.lagged.Known,
		Known: m.fit.pca.Sensors, Rest: m.fit.pca.Rest, Axes: m.fit.pca.Spread,
		Penalty: m.lambda, Calibration: m.calibration, Limit: m.limit, Search: m.search,
	}
	for _, d := range m.rules.Hold {
		h.Hold = append(h.Hold, int64(d))
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	b := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(text)))
	b = append(b, text...)
	floats := func(v ...float64) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	}
	floats(m.basis.fill...)
	floats(m.fit.others.Weights...)
	floats(m.fit.lagged.Weights...)
	floats(m.fit.pca.Axes...)
	for _, s := range m.sums {
		floats(s.N)
		floats(s.Mean...)
		floats(s.Scatter...)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// UnmarshalBinary takes a model out of its file. The error is ErrDamaged or ErrNewer
// in words.
func (m *Model) UnmarshalBinary(b []byte) error {
	if len(b) < len(magic)+8+sha256.Size || string(b[:len(magic)]) != magic {
		return fmt.Errorf("decode model: it does not begin like one: %w", ErrDamaged)
	}
	switch v := binary.LittleEndian.Uint32(b[8:]); {
	case v > version:
		return fmt.Errorf("decode model: version %d, this millwright knows %d: %w", v, version, ErrNewer)
	case v < version:
		return fmt.Errorf("decode model: there never was a version %d: %w", v, ErrDamaged)
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return fmt.Errorf("decode model: its checksum is another: %w", ErrDamaged)
	}
	if length := binary.LittleEndian.Uint32(b[12:]); length > maxHead || 16+int(length) > len(body) {
		return fmt.Errorf("decode model: its head has no end: %w", ErrDamaged)
	}
	n := int(binary.LittleEndian.Uint32(b[12:]))
	var h header
	if err := json.Unmarshal(body[16:16+n], &h); err != nil {
		return fmt.Errorf("decode model: %w: %w", err, ErrDamaged)
	}
	if err := h.check(); err != nil {
		return fmt.Errorf("decode model: %w: %w", err, ErrDamaged)
	}
	r := &floatReader{b: body[16+n:]}
	d, p := len(h.Columns), (Lags+1)*len(h.Columns)
	if want := h.body(); want > maxBody || int64(len(r.b)) != want {
		return fmt.Errorf("decode model: it has %d bytes of numbers, not %d: %w", len(r.b), want, ErrDamaged)
	}
	*m = Model{Trained: h.Trained, names: h.Names, lambda: h.Penalty, calibration: h.Calibration, limit: h.Limit, search: h.Search}
	m.rules = frame.Rules{Rate: time.Duration(h.Rate), Restart: time.Duration(h.Restart), Off: h.Off, OffAt: -1}
	for j, name := range h.Names {
		m.rules.Hold = append(m.rules.Hold, time.Duration(h.Hold[j]))
		m.rules.Codes = append(m.rules.Codes, h.Fences[j].Codes)
		if h.Off.Set() && name == h.Off.Sensor {
			m.rules.OffAt = j
		}
	}
	m.basis = basis{columns: h.Columns, fences: h.Fences, spans: h.Spans, modes: h.Modes, scale: h.FillScale, fill: r.take(d * d)}
	m.fit = &fit{
		scale: h.Scale, d: d,
		others: &ridge{Weights: r.take(d * d), Spread: h.Others},
		lagged: &ridge{Weights: r.take(d * p), Spread: h.Lagged},
		pca:    &pca{Axes: r.take(len(h.Axes) * p), Spread: h.Axes, Rest: h.Rest},
	}
	m.fit.know(known{h.OthersKnown, h.LaggedKnown, h.Known})
	for range h.Modes.Count() {
		s := moments.New(p)
		s.N = r.take(1)[0]
		copy(s.Mean, r.take(p))
		copy(s.Scatter, r.take(len(s.Scatter)))
		m.sums = append(m.sums, s)
	}
	if r.odd {
		return fmt.Errorf("decode model: a number in it is not finite: %w", ErrDamaged)
	}
	return nil
}

// body is how many bytes of numbers belong to the head.
func (h *header) body() int64 {
	d, axes, modes := int64(len(h.Columns)), int64(len(h.Axes)), int64(h.Modes.Count())
	p := (Lags + 1) * d
	return 8 * (d*d + d*d + d*p + axes*p + modes*(1+p+p*(p+1)/2))
}

// check holds the head's parts against each other, so that nothing that is computed
// with them can go out of bounds.
func (h *header) check() error {
	d, modes := len(h.Columns), h.Modes.Count()
	positive := func(v []float64, n int) bool {
		for _, x := range v {
			if !(x > 0) || math.IsInf(x, 0) {
				return false
			}
		}
		return len(v) == n
	}
	scale := func(s Scale) bool {
		ok := len(s.Center) == modes+1 && len(s.Spread) == modes+1
		for k := 0; ok && k <= modes; k++ {
			ok = len(s.Center[k]) == d && positive(s.Spread[k], d)
		}
		return ok
	}
	switch {
	case d == 0 || d > len(h.Names) || len(h.Hold) != len(h.Names) || len(h.Fences) != len(h.Names):
		return errors.New("its sensors do not fit together")
	case h.Rate < int64(time.Second) || h.Rate > int64(maxHold) || h.Restart < 0 || h.Restart > int64(maxRestart) || h.Lags != Lags:
		return errors.New("its rate, restart time or lags cannot be")
	case h.Spans.Input < 1 || h.Spans.Input > 1000 || h.Spans.Score < 1 || h.Spans.Score > 1000:
		return errors.New("its spans cannot be")
	case h.Modes.Sensor < 0 || h.Modes.Sensor >= d || len(h.Modes.Low) != len(h.Modes.Centers) || len(h.Modes.High) != len(h.Modes.Centers) || len(h.Modes.Centers) > maxModes:
		return errors.New("its modes do not fit together")
	case !scale(h.FillScale) || !scale(h.Scale):
		return errors.New("its scales do not fit its sensors")
	case !positive(h.Others, d) || !positive(h.Lagged, d) || !positive(h.OthersKnown, d) || !positive(h.LaggedKnown, d) || !positive(h.Known, d) || !positive(h.Rest, d) || !positive(h.Axes, len(h.Axes)) || len(h.Axes) > (Lags+1)*d:
		return errors.New("its members do not fit its sensors")
	case len(h.Calibration.Median) != members || len(h.Calibration.Top) != members || !(h.Calibration.T2 > 0) || !(h.Calibration.Q > 0):
		return errors.New("its calibration does not fit its members")
	}
	if l := h.Limit; !(l.Limit > l.Median) || !(l.Restart >= l.Limit) || !(l.Unseen >= l.Limit) {
		return errors.New("its limits do not fit together")
	}
	if h.Search != nil {
		if err := h.Search.check(h.Limit); err != nil {
			return err
		}
	}
	for _, hold := range h.Hold {
		if hold < 0 || hold > int64(maxHold) {
			return errors.New("how long a sensor is held cannot be")
		}
	}
	if h.Off.Set() && !slices.Contains(h.Names, h.Off.Sensor) {
		return errors.New("its off sensor has no column")
	}
	for _, f := range h.Fences {
		if !(f.Low < f.High) || f.Low < -largest || f.High > largest {
			return errors.New("a sensor's fence cannot be")
		}
	}
	for _, c := range h.Columns {
		if c < 0 || c >= len(h.Names) {
			return errors.New("a sensor of it has no column")
		}
	}
	return nil
}

// floatReader takes numbers out of a body whose length was checked.
type floatReader struct {
	b   []byte
	odd bool // one was not finite
}

func (r *floatReader) take(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.b[8*i:]))
		r.odd = r.odd || math.IsNaN(v[i]) || math.IsInf(v[i], 0)
	}
	r.b = r.b[8*n:]
	return v
}

// IsModel tells by a file's beginning whether it is one of a model, damaged or not.
func IsModel(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// ReadModel takes a model from r.
func ReadModel(r io.Reader) (*Model, error) {
	m, in := &Model{}, bufio.NewReader(io.LimitReader(r, maxHead+maxBody))
	if b, err := in.Peek(len(magic)); err == nil && string(b) != magic {
		return nil, m.UnmarshalBinary(b) // what is no model may be large
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return m, m.UnmarshalBinary(b)
}
