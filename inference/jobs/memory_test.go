package jobs

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestMemoryKeepsAPartForExecutions(t *testing.T) {
	t.Parallel()
	m := newMemory(800)
	all, ok := m.try(5000, false) // more than there is: alone
	if !ok || m.used != 700 {
		t.Fatal(ok, m.used)
	}
	if _, ok := m.try(1, false); ok {
		t.Error("beside what has to be alone")
	}
	run, ok := m.try(100, true)
	if !ok {
		t.Fatal("no execution beside it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := m.take(ctx, 100, true); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	time.AfterFunc(10*time.Millisecond, all)
	give, err := m.take(t.Context(), 600, false)
	if err != nil {
		t.Fatal(err)
	}
	give()
	give()
	run()
	if m.used != 0 {
		t.Error(m.used)
	}
}

func TestGateIsOpenWhenNobodyIsInside(t *testing.T) {
	t.Parallel()
	g := newGate()
	open := func() bool {
		select {
		case <-g.open():
			return true
		default:
			return false
		}
	}
	a, b := g.enter(), g.enter()
	a()
	a()
	if open() {
		t.Error("one is inside")
	}
	b()
	if !open() {
		t.Error("nobody is inside")
	}
}
