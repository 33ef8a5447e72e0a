// Package series reads sensor CSVs into columns and resamples them to a grid.
// It finds out by itself how a file is written, counts what it cannot use and
// keeps its memory small whatever the size of the file; it opens no files,
// knows no windows and sends nothing.
package series
