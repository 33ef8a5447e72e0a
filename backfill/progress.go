package backfill

// Progress shows how far a command is.
type Progress interface {
	// Step begins a step of so many units, 0 when that is not known yet.
	Step(name string, unit Unit, total int64) Step
}

// Step is one step. Its methods may be called from several goroutines.
type Step interface {
	Add(n int64)
	// Total corrects how many units there are.
	Total(n int64)
	Done()
}

// Unit is what a step counts.
type Unit int

const (
	UnitBytes Unit = iota
	UnitObjects
)

type silent struct{}

func (silent) Step(string, Unit, int64) Step { return silent{} }
func (silent) Add(int64)                     {}
func (silent) Total(int64)                   {}
func (silent) Done()                         {}
