//go:build !agent

package main

import (
	"fmt"

	"millwright/inference/detect"
	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/internal/yamlfile"
)

// resolve finds the sensors that the flags name among those of the files.
func resolve(src *files.Source, s *detect.Settings) error {
	if s.Off.Set() {
		name, err := sensorOf(src, s.Off.Sensor)
		if err != nil {
			return fmt.Errorf("--off: %w", err)
		}
		s.Off.Sensor = name
	}
	for i, n := range s.ModeSensors {
		name, err := sensorOf(src, n)
		if err != nil {
			return fmt.Errorf("--mode-sensors: %w", err)
		}
		s.ModeSensors[i] = name
	}
	return nil
}

func sensorOf(src *files.Source, name frame.Name) (frame.Name, error) {
	found, ok := src.Sensor(name)
	if ok {
		return found, nil
	}
	var known []string
	for _, n := range src.Names() {
		known = append(known, n.String())
	}
	if near, ok := yamlfile.Nearest(name.String(), known); ok {
		return name, fmt.Errorf("there is no sensor %s: did you mean %s? There are %s", name, near, files.Few(known))
	}
	return name, fmt.Errorf("there is no sensor %s: there are %s", name, files.Few(known))
}
