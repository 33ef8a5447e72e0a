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
// Training makes passes over the source (trainer): survey chooses sensors, how long each
// is held, and the modes; classify says what each row counts for and deals the learnt
// rows to four folds in a row of time; scale finds each mode's place; gather sums up the
// moments of each fold and mode, from which every fit follows without another pass;
// history scores each fold by the fit to the others. From that follow how long restarts
// take, which rows are so far out that they are not learnt, the calibration and the
// limit. What a model keeps are those moments, so newer rows can be added (Update).
//
// A pass reads and prepares rows one after another; sums and scores are worked off beside
// it, some hundred rows at a time, by all cores (crew). What is in memory grows by some
// hundred bytes a row and does not grow with their width, but for the moments: 8 p²/2
// bytes for each fold and mode, p = sensors (Lags+1). The model is the same to the last
// bit whatever the number of cores.
package detect
