package detect

import "fmt"

// Trial is how a model did on rows that it was not trained on.
type Trial struct {
	Labels bool // it was trained with labels

	Labelled int     // labelled events of these rows
	Found    int     // of those
	Outside  int     // predicted events outside all labels
	Lead     float64 // mean share of an event that was left when it was found
	AUC      float64 // of the rows' scores

	Weekly  float64 // predicted events outside all labels, per week of running time
	Median  float64 // of the scores
	Sensors int     // that serve
	Modes   int     // that it knows
	Faults  int     // that were put into the rows
	Noticed int     // of those
	Open    bool    // an event is open at the end of the rows
	Refuted float64 // share of the rows that people say are normal in which it has an alarm
}

// Verdict is whether a challenger takes the champion's place.
type Verdict struct {
	Promote bool
	Reason  string // in words, at most 256 bytes
}

const (
	// goodAUC and goodF1 are what a first labelled model has to reach.
	goodAUC = 0.7
	goodF1  = 0.5
	// noticed is the share of the champion's injected faults that a challenger has to find.
	noticed = 0.95
	// mostRefuted is how much of what people say is normal a model may alarm in.
	mostRefuted = 0.05
)

// Judge decides between two models that were tried on the same rows, each with a limit for
// the same target of false alarms a week. With labels behind both, the better one by its
// metrics wins and a tie changes nothing; labels are never given up for none; a first
// labelled model has to be good enough. Without labels a challenger has to be as quiet,
// as wide and as sharp as the champion; one that no longer alarms where people say that
// all is normal, as the champion does, may know fewer modes and score higher. In no case may it silence an event that is going
// on: slow wear would be learnt as normal.
func Judge(champion, challenger Trial, target float64) Verdict {
	if v, silenced := Silenced(champion, challenger); silenced {
		return v
	}
	switch {
	case champion.Labels && challenger.Labels:
		return byMetrics(champion, challenger)
	case champion.Labels:
		return Verdict{Reason: "the model in use was trained with labels, the new one without"}
	case challenger.Labels:
		if f := challenger.f1(); f < goodF1 || challenger.AUC < goodAUC {
			return Verdict{Reason: fmt.Sprintf("the new model finds too little of what is labelled: F1 %.2f of events, at least %g; AUC %.2f, at least %g", f, goodF1, challenger.AUC, goodAUC)}
		}
		return Verdict{true, "the new model was trained with labels and finds what is labelled"}
	}
	return byBehaviour(champion, challenger, target)
}

// Silenced is the verdict on a challenger that does not see an event that is going on,
// which the champion holds open; false where it does.
func Silenced(champion, challenger Trial) (Verdict, bool) {
	return Verdict{Reason: "the model in use holds an event open that the new one does not see: label that event first, or it is learnt as normal"},
		champion.Open && !challenger.Open
}

// f1 is the harmonic mean of recall and precision of events.
func (t Trial) f1() float64 {
	missed := t.Labelled - t.Found
	return 2 * float64(t.Found) / float64(max(1, 2*t.Found+missed+t.Outside))
}

// byMetrics compares the events found; those being equal, how early; then the rows.
func byMetrics(champion, challenger Trial) Verdict {
	const same = 1e-9
	for _, by := range []struct {
		what     string
		old, new float64
	}{
		{"F1 of events", champion.f1(), challenger.f1()},
		{"mean fractional lead time", champion.Lead, challenger.Lead},
		{"AUC", champion.AUC, challenger.AUC},
	} {
		if d := by.new - by.old; d > same || d < -same {
			return Verdict{d > 0, fmt.Sprintf("%s is %.3f with the new model and %.3f with the one in use", by.what, by.new, by.old)}
		}
	}
	return Verdict{Reason: "the new model's metrics are no better"}
}

func byBehaviour(champion, challenger Trial, target float64) Verdict {
	keep := func(form string, v ...any) Verdict { return Verdict{Reason: fmt.Sprintf(form, v...)} }
	spares := champion.refuted() && !challenger.refuted()
	switch {
	case challenger.Weekly > max(champion.Weekly, target):
		return keep("the new model makes %.2f false alarms a week, more than the target of %.2f and the %.2f of the one in use", challenger.Weekly, target, champion.Weekly)
	case challenger.Median > champion.Median && !spares:
		return keep("the new model's usual score is %.3f, above the %.3f of the one in use", challenger.Median, champion.Median)
	case challenger.Sensors < champion.Sensors:
		return keep("the new model has %d sensors, fewer than the %d of the one in use", challenger.Sensors, champion.Sensors)
	case challenger.Modes < champion.Modes && !spares:
		return keep("the new model knows %d operating modes, fewer than the %d of the one in use", challenger.Modes, champion.Modes)
	case challenger.missesFaults(champion):
		return keep("of faults put into the rows the new model notices %d of %d, the one in use %d of %d", challenger.Noticed, challenger.Faults, champion.Noticed, champion.Faults)
	}
	if spares {
		return Verdict{true, fmt.Sprintf("the new model alarms in %.1f %% of what people say is normal, the one in use in %.1f %%", 100*challenger.Refuted, 100*champion.Refuted)}
	}
	return Verdict{true, "the new model is as quiet and as sharp as the one in use"}
}

// refuted tells whether people have said of more than a few of the model's alarms that
// they are none.
func (t Trial) refuted() bool { return t.Refuted > mostRefuted }

func (t Trial) missesFaults(champion Trial) bool {
	rate := func(t Trial) float64 { return float64(t.Noticed) / float64(max(1, t.Faults)) }
	return rate(t) < noticed*rate(champion)
}
