package main

import "testing"

func TestNoNameIsAFormula(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		`pump\flow`: `pump\flow`, `=1+1\x`: `'=1+1\x`, ` =1+1\x`: `' =1+1\x`, "\u00a0@x\\y": "'\u00a0@x\\y", `＝x\y`: `'＝x\y`, `-x\y`: `'-x\y`,
	} {
		if got := harmless(name); got != want {
			t.Errorf("%q is written as %q, want %q", name, got, want)
		}
	}
}
