// Package sensorstat gathers what tells good sensor data from bad, value by
// value in small bounded memory, and grades it. It reads no files and stores
// nothing.
package sensorstat

import "time"

// The service never published where its findings begin. These are ours.
const (
	// ShortRange is the least time between a sensor's first and last value.
	ShortRange = 14 * 24 * time.Hour
	// LargeGap is a time without any value of a sensor that counts as a large gap
	// when it is longer.
	LargeGap = 24 * time.Hour
	// MaxCategories is how many different values a categorical sensor has at most.
	MaxCategories = 12
	// MinCategorical is how often, on average, each of them has to come.
	MinCategorical = 20
	// MaxContrary is which share of a monotonic sensor's steps may go the other
	// way: a counter that is set back now and then still counts.
	MaxContrary = 0.001
	// MinSteps is how many steps make a sensor monotonic, or static.
	MinSteps = 20
	// ModeShare is the least share of the values in each of several operating modes.
	ModeShare = 0.1
	// ModeValley is how empty it has to be between two modes: the number of values
	// there against that at the lower of the two peaks.
	ModeValley = 0.1
	// MinModeSample is how many values it takes to look for modes.
	MinModeSample = 256
)

// What bounds memory. Sensors, of which there may be thousands, share what
// belongs to the rows of a file.
const (
	sampleSize = 512  // values of a sensor kept for modes: 4 KiB
	maxCovers  = 256  // stretches of a sensor without a large gap
	maxRuns    = 4096 // stretches of regular stamps: 96 KiB for each kind of file
	decided    = 64   // contrary steps from which on a sensor may be given up as not monotonic
)
