package config

import "testing"

// TestNoSecretIsRepeated: faults come into logs, notices and bug reports.
func TestNoSecretIsRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, text, want string }{
		{"sinks[0].url", "https://hooks.example/T1/secret?token=secret", "https://hooks.example/..."},
		{"sinks[0].url", "https://me:secret@ho st/secret", "https://...@ho st/..."},
		{"sinks[1].url", "hooks.example/secret", "hooks.example/..."},
		{"sinks[1].url", "tls://broker:8883", "tls://broker:8883"},
		{"drops[0].path", "/srv/drop", "/srv/drop"},
	} {
		if got := shown(c.key, c.text); got != c.want {
			t.Errorf("%s %s is shown as %s, want %s", c.key, c.text, got, c.want)
		}
	}
}
