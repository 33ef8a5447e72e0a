package detect

// Progress is told how far a training is.
type Progress interface {
	// Pass is called before each pass over the rows and what is computed for it: the
	// first is 1, and there are at most most of them, as far as is known by then.
	Pass(n, most int, name string)
}

// Passes that a training makes at most: those that every one makes, and those that
// follow where readings or rows are far out or restarts take long.
const (
	passesAlways   = 6
	passesVoiding  = 2
	passesSettling = 4
	passesTrimming = 2
	passesUnseen   = 1
	passesUpdate   = 3
)

// pass tells that one begins.
func (t *trainer) pass(name string) {
	t.passes++
	if t.s.Progress != nil {
		t.s.Progress.Pass(t.passes, max(t.passes, t.most), name)
	}
}
