package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// resample runs the verb and gives its exit code and what it wrote.
func resample(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := &cobra.Command{Use: "millwright", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(newResampleCommand())
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	code = execute(t.Context(), root, append([]string{"resample"}, args...))
	return code, out.String(), errs.String()
}

const twoMinutes = "time,flow\n" +
	"2026-01-01T00:00:00,1\n" +
	"2026-01-01T00:00:30,2\n" +
	"2026-01-01T00:01:00,4\n" +
	"2026-01-01T00:01:30,8\n"

func TestResampleFlagsDecideTheBins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"end":    {[]string{"--rate", "PT1M"}, "T00:00:00.000000,1 T00:01:00.000000,3 T00:02:00.000000,8"},
		"start":  {[]string{"--rate", "60s", "--label", "start"}, "T00:00:00.000000,1.5 T00:01:00.000000,6"},
		"count":  {[]string{"--rate", "PT1H", "--aggregate", "count"}, "T00:00:00.000000,1 T01:00:00.000000,3"},
		"gaps":   {[]string{"--rate", "PT10S"}, "T00:00:00.000000,1 T00:00:30.000000,2 T00:01:00.000000,4 T00:01:30.000000,8"},
		"hold":   {[]string{"--rate", "PT15S", "--fill", "hold", "--max-gap", "15s"}, "T00:00:00.000000,1 T00:00:15.000000,1 T00:00:30.000000,2 T00:00:45.000000,2 T00:01:00.000000,4 T00:01:15.000000,4 T00:01:30.000000,8"},
		"median": {[]string{"--rate", "PT1M", "--aggregate", "median", "--label", "start"}, "T00:00:00.000000,1.5 T00:01:00.000000,6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := resample(t, twoMinutes, c.args...)
			want := "Timestamp,flow\n2026-01-01" + strings.ReplaceAll(c.want, " ", "\n2026-01-01") + "\n"
			if code != exitDone || out != want {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
}

func TestResampleRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no rate":     {nil, exitUsage, "rate"},
		"bad rate":    {[]string{"--rate", "1 minute"}, exitUsage, "PT1M"},
		"aggregate":   {[]string{"--rate", "PT1M", "--aggregate", "avg"}, exitUsage, "mean, min, max"},
		"label":       {[]string{"--rate", "PT1M", "--label", "middle"}, exitUsage, "end or start"},
		"fill":        {[]string{"--rate", "PT1M", "--fill", "linear"}, exitUsage, "hold or none"},
		"gap":         {[]string{"--rate", "PT1M", "--max-gap", "-3m"}, exitUsage, "or none"},
		"jobs":        {[]string{"--rate", "PT1M", "--jobs", "0"}, exitUsage, "--jobs"},
		"no file":     {[]string{"--rate", "PT1M", "--in", filepath.Join(dir, "none.csv")}, exitFailed, "none.csv"},
		"folder":      {[]string{"--rate", "PT1M", "--in", dir}, exitFailed, "folder"},
		"into folder": {[]string{"--rate", "PT1M", "--out", dir}, exitFailed, "folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := resample(t, twoMinutes, c.args...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d, %s", code, errs)
			}
		})
	}
}

func TestResampleTellsWhatItLeftOut(t *testing.T) {
	t.Parallel()
	in := "time,flow\n2026-01-01T00:20:00,1\nsoon,2\n2026-01-01T00:20:30,oops\n2026-01-01T00:01:00,3\n"
	code, out, errs := resample(t, in, "--rate", "PT1M")
	if code != exitData || !strings.Contains(errs, "line 3") || !strings.Contains(errs, `"oops"`) || !strings.Contains(errs, "1 row out of order") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if !strings.HasSuffix(out, "T00:20:00.000000,1\n2026-01-01T00:21:00.000000,\n") {
		t.Errorf("output\n%s", out)
	}
	if code, _, errs := resample(t, "nothing of use", "--rate", "PT1M"); code != exitData || errs == "" {
		t.Errorf("hopeless: exit %d\n%s", code, errs)
	}
}

func TestResampleWritesFilesWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "sub", "out.csv")
	lines := strings.SplitAfter(twoMinutes, "\n")
	var rows strings.Builder // an hour of minutes, newest first: beyond the horizon
	rows.WriteString(lines[0])
	for m := 59; m >= 0; m-- {
		rows.WriteString("2026-01-01T00:" + string([]byte{byte('0' + m/10), byte('0' + m%10)}) + ":00,1\n")
	}
	if err := os.WriteFile(in, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := resample(t, "", "--rate", "PT1M", "--in", in, "--out", out)
	got, err := os.ReadFile(out)
	if code != exitDone || err != nil || bytes.Count(got, []byte("\n")) != 61 || !strings.Contains(errs, "sorted first") {
		t.Errorf("exit %d, %v\n%s%s", code, err, errs, got)
	}
	_, piped, _ := resample(t, "", "--rate", "PT1M", "--in", in)
	if piped != string(got) {
		t.Errorf("to standard output\n%s", piped)
	}
	if err := os.WriteFile(in, []byte("no table"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := resample(t, "", "--rate", "PT1M", "--in", in, "--out", out); code != exitData {
		t.Errorf("exit %d", code)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "sub", "*"))
	after, _ := os.ReadFile(out)
	if len(left) != 1 || !bytes.Equal(after, got) {
		t.Errorf("a failed run leaves %v", left)
	}
}

func TestResampleWritesToAPipeInPlace(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		b, _ := os.ReadFile(pipe)
		read <- string(b)
	}()
	code, _, errs := resample(t, twoMinutes, "--rate", "PT1H", "--out", pipe)
	if got := <-read; code != exitDone || !strings.HasSuffix(got, "T01:00:00.000000,4.666666666666667\n") {
		t.Errorf("exit %d\n%s%s", code, errs, got)
	}
}

func TestResampleKeepsItsInput(t *testing.T) {
	t.Parallel()
	in := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(in, []byte(twoMinutes), 0o600); err != nil {
		t.Fatal(err)
	}
	link := in + ".link"
	if err := os.Symlink(in, link); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{in, link} {
		if code, _, errs := resample(t, "", "--rate", "PT1M", "--in", in, "--out", out); code != exitUsage || !strings.Contains(errs, "would be lost") {
			t.Errorf("exit %d, %s", code, errs)
		}
	}
	if got, err := os.ReadFile(in); err != nil || string(got) != twoMinutes {
		t.Errorf("%v, %q", err, got)
	}
}

func TestResampleTakesWhatIsPinned(t *testing.T) {
	t.Parallel()
	const excel = "Zeit;Druck\n05.01.2026 08:00:30;1,5\n05.01.2026 08:01:00;2,5\n"
	code, _, errs := resample(t, excel, "--rate", "PT1M")
	if code != exitData || !strings.Contains(errs, "pin --timestamp-format") {
		t.Errorf("exit %d, %s", code, errs)
	}
	code, out, errs := resample(t, excel, "--rate", "PT1M", "--timestamp-format", "dd.MM.yyyy HH:mm:ss", "--time-zone", "Europe/Berlin")
	if want := "Timestamp,Druck\n2026-01-05T07:01:00.000000,2\n"; code != exitDone || out != want {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	const long = "Timestamp,Tag,Value,Quality\n2026-01-05T08:00:30Z,a,1,Good\n2026-01-05T08:00:30Z,b,2,Good\n2026-01-05T08:00:40Z,b,9,Bad\n"
	code, out, errs = resample(t, long, "--rate", "PT1M")
	if want := "Timestamp,a,b\n2026-01-05T08:01:00.000000,1,2\n"; code != exitDone || out != want {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"--layout", "tall"}, {"--time-zone", "Europe/Berln"}, {"--time-zone", "+1"}} {
		if code, _, errs := resample(t, long, append([]string{"--rate", "PT1M"}, bad...)...); code != exitUsage || !strings.Contains(errs, bad[0]) {
			t.Errorf("%v: exit %d, %s", bad, code, errs)
		}
	}
}
