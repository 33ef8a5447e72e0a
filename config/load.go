package config

import "millwright/internal/yamlfile"

// Load reads a file, fills the defaults in, the machine's name too, and checks everything that can be
// checked without looking at disks and buckets. The error is Faults when the
// file was read; warnings come with a Config that can be used.
func Load(file string) (*Config, []Fault, error) {
	data, err := Read(file)
	if err != nil {
		return nil, nil, err
	}
	return LoadText(file, data)
}

// LoadText is Load for what Read gave of the file.
func LoadText(file string, data []byte) (*Config, []Fault, error) {
	c, warnings, err := Parse(file, data)
	if err != nil {
		return nil, warnings, err
	}
	if c.Instance == "" {
		if c.Instance, err = MachineID(); err != nil {
			return nil, warnings, Faults{{File: file, Key: "instance", Problem: "is missing, and this machine has no name", Remedy: "set it"}}
		}
	}
	return c, warnings, nil
}

// Parse is Load for the content of a file; the name is for messages only.
func Parse(file string, data []byte) (*Config, []Fault, error) {
	c := &Config{}
	doc, err := yamlfile.Decode(file, data, c, yamlfile.Options{Empty: "make a starter file with 'millwright config init'", Shown: shown})
	if err != nil {
		return nil, nil, err
	}
	c.fill()
	v := &checker{doc: doc}
	v.config(c)
	return v.result(c)
}

// Validate checks a Config that was made in code, after filling in its defaults.
// It is what Load does after reading.
func (c *Config) Validate() (warnings []Fault, err error) {
	c.fill()
	v := &checker{doc: &yamlfile.Document{}}
	v.config(c)
	_, warnings, err = v.result(c)
	return warnings, err
}
