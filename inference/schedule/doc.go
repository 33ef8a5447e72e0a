// Package schedule is the runs of inference schedulers: when each wakes up, which
// files and rows a run takes, and what it makes of them. It keeps no state of its
// own, moves nobody's status and knows neither SQL nor the API: what it needs of
// them are small interfaces.
//
// A Loop holds schedulers against the clock and has an execution inserted for each
// window that is due. A Runner carries one execution out: it may be killed anywhere
// and be begun again by whomever, and still there is one record and one object.
package schedule
