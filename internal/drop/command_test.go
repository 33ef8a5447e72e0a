package drop

import (
	"os/exec"
	"strings"
	"testing"
)

// A path in a command that a note tells to type is one word for a shell,
// whatever is in the path.
func TestAPathIsOneWordOfACommand(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/srv/drop/pump-7/a.csv":    "/srv/drop/pump-7/a.csv",
		"/srv/drop/Pump 7/a.csv":    "'/srv/drop/Pump 7/a.csv'",
		"/srv/drop/$(rm x);`y`":     "'/srv/drop/$(rm x);`y`'",
		"/srv/drop/it's \"7\"\\":    `'/srv/drop/it'\''s "7"\'`,
		"/srv/drop/Kühler":          "'/srv/drop/Kühler'",
		"/srv/drop/a\x1b[2J\n'\"\\": `$'/srv/drop/a\x1b[2J\n\'"\\'`,
	} {
		got := shellWord(path)
		if got != want {
			t.Errorf("%q is written %s, want %s", path, got, want)
		}
		bash, err := exec.LookPath("bash")
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(t.Context(), bash, "-c", "printf '%s.' "+got).Output()
		if err != nil || strings.TrimSuffix(string(out), ".") != path {
			t.Errorf("%s is read as %q, %v", got, out, err)
		}
	}
}
