// Package detect learns from a machine's history what is normal, says of later rows
// how far they are from it, and which sensors say so. It reads rows and gives result
// lines; it opens no files, keeps no clock and knows no API.
//
// # The way of a row
//
// Rows come from a frame.Source, are held over gaps and marked as running, stopped or
// restarting (frame.Tracker), smoothed, filled where sensors are missing, assigned to an
// operating mode and put beside the Lags rows before them (features). Scaled by mode,
// such a vector is measured by three members (fit): every sensor foretold from the
// others; from the others and their lags; and principal components of all. Their scores
// are brought to one measure (Calibration), averaged over the rows before (average) and
// held against a Limit. All of it is a function of the model and the last rows.
//
// # Training
//
// Training makes passes over the source (trainer): survey fences off readings that no
// sensor makes, chooses sensors, how long each is held, and the modes; classify says what
// each row counts for and deals the learnt rows to four folds in a row of time; scale
// finds each mode's place; gather sums up the moments of each fold and mode, from which
// every fit follows without another pass; history scores each fold by the fit to the
// others. From that follow how long restarts take, which rows are so far out that they are
// not learnt, the calibration and the limit. What a model keeps are those moments, so
// newer rows can be added (Update).
//
// A pass reads and prepares rows one after another; sums and scores are worked off beside
// it, some hundred rows at a time, by all cores (crew). What is in memory grows by some
// hundred bytes a row and does not grow with their width, but for the moments: 8 p²/2
// bytes for each fold and mode, p = sensors (Lags+1). The model is the same to the last
// bit whatever the number of cores.
//
// # What little is known of
//
// A history says less than it has rows. Sensors that wander slowly show few independent
// values, so their residuals are told by Student's t (known, surprise). A history of a few
// days may not have shown how high scores go, so its limit is raised by as much as is left
// open (doubt); a longer one has its alarms counted, and the rate behind them estimated
// (atMost). Restarts have a limit of their own, after those of the history; so have
// operating points that training has not met, after what its outermost modes look like to
// fits that do not know them (stranger). None of these rows is ever out of the question.
//
// # Readings that are none
//
// Devices write -9999 or 65535 where they have no reading. Values far outside all others
// are not learnt (Fence). When rows are scored, such a value that training has met more than once is
// missing; any other is an anomaly of its sensor, and stands at the fence so that it does not
// outweigh what follows.
//
// # Champions and challengers
//
// Behaviour tries a model on rows that it was not trained on, with faults put into them,
// and Judge decides between two models by such trials.
package detect
