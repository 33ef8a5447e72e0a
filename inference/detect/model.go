package detect

import (
	"fmt"
	"time"

	"millwright/inference/detect/frame"
)

// Model is what a training learnt: enough to score rows of the machine.
type Model struct {
	names       []frame.Name // the columns it was trained on, the off sensor's too
	rules       frame.Rules
	basis       basis
	fit         *fit
	calibration Calibration
	lambda      penalty

	Limit   Limit
	Dropped []Dropped
}

// Rate is the step of the model's grid.
func (m *Model) Rate() time.Duration { return m.rules.Rate }

// Columns are the columns that rows to be scored have to have.
func (m *Model) Columns() []frame.Name { return m.names }

// Rules say how rows for the model are held and told off.
func (m *Model) Rules() frame.Rules { return m.rules }

// String says in a line what there is.
func (m *Model) String() string {
	pilot := "one mode"
	if k := m.basis.modes; k.Count() > 1 {
		pilot = fmt.Sprintf("%d modes of %s at %.4g", k.Count(), m.names[m.basis.columns[k.Sensor]], k.Centers)
	}
	return fmt.Sprintf("%d sensors, %d dropped %v, %s, ridge %v, %d axes, restart %s, limit %.3g (median %.3g, base %.3g, %.2g a week)", len(m.basis.columns), len(m.Dropped), m.Dropped, pilot, m.lambda, len(m.fit.pca.Spread), m.rules.Restart, m.Limit.Limit, m.Limit.Median, m.Limit.Base, m.Limit.Weekly)
}
