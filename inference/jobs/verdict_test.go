package jobs

import (
	"testing"

	"millwright/inference/detect"
	"millwright/inference/detect/metrics"
)

// Contests that labels decide, and what becomes of verdicts.
func TestVerdictsAndPromotions(t *testing.T) {
	t.Parallel()
	told := func(found, labelled, outside int, auc float64) metrics.Metrics {
		return metrics.Metrics{
			LabeledEvents: metrics.Labeled{Labeled: labelled, Identified: found}, UnknownEvents: metrics.Unknown{Identified: outside},
			LabelsPresent: labelled > 0, Version: &metrics.Measures{Recall: float64(found) / float64(labelled), AUC: &auc},
		}
	}
	quiet := detect.Trial{Sensors: 5, Modes: 1, Median: 0.1, Faults: 5, Noticed: 5}
	p := &plan{settings: detect.Settings{FalseAlarmsWeekly: 1}}
	for name, c := range map[string]struct {
		labels      int // behind the new model
		new, across metrics.Metrics
		old         metrics.Metrics
		labelled    bool // the version in use knew labels
		quality     string
		young       detect.Trial
		promote     bool
	}{
		"no labels":                              {young: quiet, promote: true},
		"labels are given up":                    {labelled: true, young: quiet},
		"better by labels":                       {labels: 3, new: told(4, 4, 0, 0.9), old: told(3, 4, 0, 0.9), labelled: true, young: quiet, quality: qualityMet, promote: true},
		"worse by labels":                        {labels: 3, new: told(3, 4, 0, 0.9), old: told(4, 4, 0, 0.9), labelled: true, young: quiet, quality: qualityMet},
		"both know labels, none to try on":       {labels: 3, labelled: true, young: quiet, quality: qualityMet, promote: true},
		"first labels, none to try on":           {labels: 3, across: told(4, 4, 0, 0.9), young: quiet, quality: qualityMet, promote: true},
		"first labels, none to try on, and poor": {labels: 3, across: told(1, 4, 9, 0.6), young: quiet, quality: qualityPoor},
		"first labels":                           {labels: 3, new: told(4, 4, 0, 0.9), young: quiet, quality: qualityMet, promote: true},
		"first labels, too many alarms":          {labels: 3, new: told(4, 4, 3, 0.9), young: quiet, quality: qualityPoor},
	} {
		n := &made{learnt: learnt{model: &detect.Model{Trained: detect.Trained{Labels: c.labels}}, across: c.across}, evaluation: &evaluation{metrics: c.new}, quality: c.quality}
		v := n.verdict(p, quiet, c.young, c.old, c.labelled)
		if v.Promote != c.promote || v.Reason == "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	won, lost := &contest{against: 3, verdict: detect.Verdict{Promote: true, Reason: "better"}}, &contest{against: 3, verdict: detect.Verdict{Reason: "worse"}}
	for _, c := range []struct {
		c      *contest
		mode   string
		active int64
		want   promotion
	}{
		{won, "MANAGED", 3, promotion{true, modelPromoted, "better"}},
		{lost, "MANAGED", 3, promotion{false, modelNotPromoted, "worse"}},
		{won, "MANUAL", 3, promotion{false, modelNotPromoted, "Versions of this model are promoted by hand. By its trial: better"}},
		{won, "MANAGED", 2, promotion{false, modelNotPromoted, "Another version was activated meanwhile than the one that this was tried against."}},
		{won, "", 3, promotion{false, modelNotPromoted, "The retraining scheduler was deleted meanwhile."}},
	} {
		if got := c.c.promotion(c.mode, c.active); got != c.want {
			t.Errorf("%+v, not %+v", got, c.want)
		}
	}
}
