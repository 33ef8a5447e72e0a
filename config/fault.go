package config

import (
	"time"

	"millwright/internal/yamlfile"
)

// Fault is one thing that is wrong, or that somebody should know.
type Fault = yamlfile.Fault

// Faults is every fault of a file, in the order of their places. It is the error
// of Load, Parse and Validate.
type Faults = yamlfile.Faults

// The scalars that files of this program share.
type (
	// Duration is a length of time, or none.
	Duration = yamlfile.Duration
	// Size is a number of bytes, or a share of a disk.
	Size = yamlfile.Size
	// Switch is true or false, or not given.
	Switch = yamlfile.Switch
)

// For makes a Duration of d.
func For(d time.Duration) Duration { return yamlfile.For(d) }

// Bytes makes a Size of n bytes.
func Bytes(n int64) Size { return yamlfile.Bytes(n) }

// Percent makes a Size that is a share of a disk.
func Percent(p float64) Size { return yamlfile.Percent(p) }

// On makes a Switch.
func On(on bool) Switch { return yamlfile.On(on) }

// At makes a fault, or a warning, about a key of a loaded file with its place.
func (c *Config) At(key, problem, remedy string) Fault { return c.doc.At(key, problem, remedy) }
