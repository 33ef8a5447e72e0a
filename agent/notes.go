package agent

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"millwright/agent/status"
	"millwright/internal/clock"
	"millwright/internal/ledger"
)

// noticeBoard is the part of the ledger that keeps standing conditions.
type noticeBoard interface {
	Note(ctx context.Context, n ledger.Notice) error
	ClearNote(ctx context.Context, scope, code string) error
	Notices(ctx context.Context) ([]ledger.Notice, error)
}

// notes keeps the conditions that people must know of until they end. It
// remembers which stand, so that nothing is written while nothing changes.
type notes struct {
	board noticeBoard
	clock clock.Clock
	log   *zap.Logger

	mu       sync.Mutex
	standing map[[2]string]string // scope and code -> text
}

// openNotes reads what stood when the last process ended: what is still so
// stays, the rest is cleared when its owner looks.
func openNotes(ctx context.Context, board noticeBoard, clk clock.Clock, log *zap.Logger) (*notes, error) {
	n := &notes{board: board, clock: clk, log: log, standing: map[[2]string]string{}}
	old, err := board.Notices(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range old {
		if o.Scope == status.ClockScope && o.Code == status.ClockRehearsed {
			continue // nobody has to know of it
		}
		n.standing[[2]string{o.Scope, o.Code}] = o.Text
	}
	return n, nil
}

// stand says that a condition holds.
func (n *notes) stand(ctx context.Context, scope, code, text, remedy string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := [2]string{scope, code}
	was, standing := n.standing[key]
	if standing && was == text {
		return
	}
	if !standing {
		n.log.Warn("attention", zap.String("scope", scope), zap.String("what", text), zap.String("remedy", remedy))
	}
	if err := n.board.Note(ctx, ledger.Notice{Scope: scope, Code: code, Text: text, Remedy: remedy, At: n.clock.Now()}); err != nil {
		if ctx.Err() != nil {
			return // stopping: who stands it again says it again
		}
		n.log.Error("note", zap.String("what", text), zap.Error(err))
		return
	}
	n.standing[key] = text
}

// clear says that a condition has ended, or never was.
func (n *notes) clear(ctx context.Context, scope, code string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := [2]string{scope, code}
	if _, standing := n.standing[key]; !standing {
		return
	}
	if err := n.board.ClearNote(ctx, scope, code); err != nil {
		if ctx.Err() != nil {
			return
		}
		n.log.Error("clear note", zap.String("scope", scope), zap.Error(err))
		return
	}
	n.log.Info("all clear", zap.String("scope", scope), zap.String("what", n.standing[key]))
	delete(n.standing, key)
}

// keep clears every standing condition of a code whose scope is not in scopes.
func (n *notes) keep(ctx context.Context, code string, scopes map[string]bool) {
	n.mu.Lock()
	var over []string
	for key := range n.standing {
		if key[1] == code && !scopes[key[0]] {
			over = append(over, key[0])
		}
	}
	n.mu.Unlock()
	for _, scope := range over {
		n.clear(ctx, scope, code)
	}
}
