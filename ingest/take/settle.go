package take

import "time"

// Rule says how a file shows that it is whole.
type Rule string

const (
	Settle Rule = "settle" // size and time have not changed for a while
	Rename Rule = "rename" // it appears whole under a matching name
	Marker Rule = "marker" // a second file, its name with a suffix, says so
)

// Complete is a folder's rule.
type Complete struct {
	Rule   Rule          // default Settle
	Settle time.Duration // real time; default 2 s
	Marker string        // suffix of marker files; default .done
}

// stillness is how long a file under Settle has to be still before a last line
// without newline, or content of which nothing can be read, is believed.
const stillness = 60 * time.Second

// restless is for how long a file may keep changing before it is said that it
// will never be taken like that.
const restless = 10 * time.Minute

// glimpse is what is known of a file that was not taken as it now is.
type glimpse struct {
	still time.Duration // since it was first seen like this
	age   time.Duration // since its modification, by the wall clock; negative when that is ahead
}

// settled tells whether a file is whole under Settle, and otherwise when it may
// be. A file that was old when it was first seen is: at a start with thousands
// of files nobody waits.
func (c Complete) settled(g glimpse) (ok bool, again time.Duration) {
	if g.age-g.still >= c.Settle {
		return true, 0
	}
	again = c.Settle - g.still
	// A time that is ahead by more than the settle time tells nothing.
	if g.age > -c.Settle {
		again = max(again, c.Settle-g.age)
	}
	return again <= 0, max(again, 0)
}

// stillAt tells whether the file has not changed for so long that its end is
// believed, and otherwise when that will be.
func (c Complete) stillAt(g glimpse) (ok bool, again time.Duration) {
	if c.Rule != Settle {
		return true, 0 // its writer says that it is whole
	}
	again = min(stillness-g.still, stillness-g.age)
	return again <= 0, max(again, 0)
}
