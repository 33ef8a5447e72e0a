package ledger

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

func TestBlocksAndTails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	l := openTest(t, dir)
	b := aTaking("b.csv", "s1", 4, 1, 0)
	b.Drop.TakenAt = t0.Add(time.Minute)
	d := commit(t, l, aTaking("a.csv", "s1", 5, 0, 1, 2), b)
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[0], 1, 5, 0)}}}))
	at := func(n int) int64 { return t0.UnixNano() + int64(n)*slot }

	got, err := l.Blocks(ctx, "pump", at(0), at(2))
	must(t, err)
	var ids [][2]int64
	for _, b := range got {
		ids = append(ids, [2]int64{b.Drop, b.Slot})
	}
	if want := [][2]int64{{1, at(0)}, {2, at(0)}, {2, at(1)}}; !slices.Equal(ids, want) {
		t.Errorf("blocks are %v, want %v", ids, want)
	}
	want := drop.Block{Ref: b.Blocks[1], PathID: 2, Version: 1, TakenAt: b.Drop.TakenAt}
	want.Drop, want.Tails = 2, nil
	if !reflect.DeepEqual(got[1], want) {
		t.Errorf("got  %+v\nwant %+v", got[1], want)
	}
	if got, err = l.Blocks(ctx, "mill", at(0), at(2)); err != nil || len(got) != 0 {
		t.Error(got, err)
	}

	tails := func(l *Ledger) (order [][2]int64) {
		must(t, l.Tails(ctx, "pump", at(0), at(2), func(b drop.Block) (bool, error) {
			order = append(order, [2]int64{b.Drop, b.Slot})
			n := float64((b.Slot - at(0)) / slot)
			want := []segment.Tail{{Sensor: "flow", Time: b.Slot + slot, Value: n + 0.1}, {Sensor: "speed", Time: b.Slot + slot - int64(time.Second), Value: n}}
			if !slices.Equal(b.Tails, want) || b.Released != (b.Drop == 1 && b.Slot == at(1)) {
				t.Errorf("%+v", b)
			}
			return len(order) < 3, nil
		}))
		return order
	}
	reader, err := OpenReadOnly(ctx, dir)
	must(t, err)
	defer reader.Close()
	for _, l := range []*Ledger{l, reader} {
		if order, want := tails(l), [][2]int64{{2, at(1)}, {1, at(1)}, {2, at(0)}}; !slices.Equal(order, want) {
			t.Errorf("tails come as %v, want %v", order, want)
		}
	}
	stop := errors.New("stop")
	if err := l.Tails(ctx, "pump", at(0), at(2), func(drop.Block) (bool, error) { return true, stop }); !errors.Is(err, stop) {
		t.Error(err)
	}

	var live [][2]int64
	must(t, l.LiveBlocks(ctx, func(component string, s, id int64, taken time.Time, last int64) error {
		if component != "pump" || last != s+slot || !taken.Equal(d[id-1].TakenAt) {
			t.Error(component, s, id, taken, last)
		}
		live = append(live, [2]int64{id, s})
		return nil
	}))
	if want := [][2]int64{{1, at(0)}, {1, at(2)}, {2, at(1)}, {2, at(0)}}; !slices.Equal(live, want) {
		t.Errorf("live are %v, want %v", live, want)
	}
}

// Of equally new values the path taken first wins, and of its versions the
// newest, whatever the order of folding.
func TestCarryBreaksTies(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	at := t0.UnixNano() + slot
	value := func(l *Ledger) float64 {
		carry, err := l.Carry(ctx, "pump")
		must(t, err)
		if len(carry) != 1 || carry[0].Sensor != "flow" || carry[0].Time != at {
			t.Fatal(carry)
		}
		return carry[0].Value
	}
	for _, apart := range []bool{false, true} {
		l := openTest(t, t.TempDir())
		var drops []drop.Drop
		for i, name := range []string{"a.csv", "b.csv", "a.csv", "b.csv"} {
			k := aTaking(name, "s", 5, 0)
			k.Blocks[0].Tails = []segment.Tail{{Sensor: "flow", Time: at, Value: float64(i)}}
			drops = append(drops, commit(t, l, k)...)
		}
		for _, i := range []int{3, 2, 1, 0} {
			must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(drops[i], 0, 5, 0)}}}))
			if apart {
				must(t, l.Fold(ctx, at))
			}
		}
		must(t, l.Fold(ctx, at))
		if v := value(l); v != 2 {
			t.Errorf("folded apart %v: value %v is carried, want that of a.csv's second version", apart, v)
		}
	}
}
