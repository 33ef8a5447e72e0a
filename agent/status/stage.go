package status

// Stage is how far a window has come, with all its components.
type Stage string

// The stages in the order of a good window, then what stands out.
const (
	Open      Stage = "open"      // under way, no row yet
	Received  Stage = "received"  // rows are here, it is not sealed yet
	Sealed    Stage = "sealed"    // its files wait for the bucket
	Uploaded  Stage = "uploaded"  // in the bucket, its result is still to come
	Delivered Stage = "delivered" // scored, and its result is on site
	Missing   Stage = "missing"   // no result came in time
	Failed    Stage = "failed"    // the service says that its run failed
	Unscored  Stage = "unscored"  // in the bucket after the scheduler had read: no run has seen it
	Silent    Stage = "silent"    // a component had nothing to say, so it has no file
	Nothing   Stage = "nothing"   // no row of it was ever taken
)

// Stages are all stages in the order of a legend.
func Stages() []Stage {
	return []Stage{Delivered, Uploaded, Sealed, Received, Open, Missing, Failed, Unscored, Silent, Nothing}
}

// Words are what people call the stage.
func (s Stage) Words() string {
	switch s {
	case Open:
		return "under way"
	case Missing:
		return "result missing"
	case Failed:
		return "run failed"
	case Unscored:
		return "too late to be scored"
	case Silent:
		return "no file"
	case Nothing:
		return "no rows"
	default:
		return string(s)
	}
}
