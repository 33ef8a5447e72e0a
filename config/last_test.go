package config

import "testing"

func TestTheStateFolderIsFoundInAFileWithFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"state_dir: /a/b\nlimts: {}\n":                 "/a/b",
		"state_dir: \"/a/b\" # here\ndrops: [\n":       "/a/b",
		"  state_dir: /no\nx: [\nstate_dir: /a/b/\r\n": "/a/b",
		"drops: 7\n":          "/var/lib/millwright",
		"":                    "/var/lib/millwright",
		"state_dir: [1]\n":    "/var/lib/millwright",
		"state_dir: a/b\n":    "",
		"- a\n- state_dir: b": "/var/lib/millwright",
	} {
		if got := StateDirIn([]byte(text)); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
