//go:build !agent

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestSensorsAreKnownByTheNamesOfTheirColumns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,Drehzahl (1/min),flow", 1000))
	model := filepath.Join(dir, "m.mwm")
	train := func(args ...string) []string {
		return append([]string{"train", "--data", data, "--model", model}, args...)
	}
	code, _, errs := detector(t, train("--off", `pump\Drehzahl (1/min) < 5`, "--mode-sensors", `pump\Drehzahl (1/min)`)...)
	if code != exitDone || !strings.Contains(errs, `Drehzahl (1/min)\" is Drehzahl__1_min_`) {
		t.Errorf("exit %d, %s", code, errs)
	}
	if _, out, _ := detector(t, "model", "inspect", model); !strings.Contains(out, `pump\Drehzahl__1_min_ < 5`) {
		t.Error(out)
	}
	code, _, errs = detector(t, train("--off", `pump\Flow < 5`)...)
	if code != exitData || !strings.Contains(errs, `no sensor pump\Flow: did you mean pump\flow? There are pump\Drehzahl__1_min_, pump\flow`) {
		t.Errorf("exit %d, %s", code, errs)
	}
	code, _, errs = detector(t, train("--mode-sensors", `grinder\pressure_of_oil`)...)
	if code != exitData || !strings.Contains(errs, `--mode-sensors: there is no sensor grinder\pressure_of_oil: there are pump`) {
		t.Errorf("exit %d, %s", code, errs)
	}
	put(t, dir, "in/Pumpe 1/a.csv", history("Timestamp,speed,flow", 1000))
	code, _, errs = detector(t, "train", "--data", filepath.Join(dir, "in"), "--model", model)
	if code != exitData || !strings.Contains(errs, "0-9 A-Z a-z . _ -: rename the folder") {
		t.Errorf("exit %d, %s", code, errs)
	}
	put(t, dir, "clash/pump.csv", strings.ReplaceAll(history("Timestamp,a b,a_b", 1000), "\n", ",1\n"))
	if _, _, errs = detector(t, "train", "--data", filepath.Join(dir, "clash"), "--model", model); !strings.Contains(errs, "tell them apart in the file") || strings.Contains(errs, "csv.rename") {
		t.Error(errs)
	}
}
