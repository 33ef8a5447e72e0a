//go:build !agent

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// pseudoTerminal gives the two ends of a terminal of some columns.
func pseudoTerminal(t *testing.T, columns uint16) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return person, program
}

// TestTheSummaryStaysOnTheTerminal has what was learnt stand below the passes, whole,
// however wide the terminal.
func TestTheSummaryStaysOnTheTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000))
	for _, columns := range []uint16{80, 200} {
		person, program := pseudoTerminal(t, columns)
		shown := make(chan string)
		go func() {
			b, _ := io.ReadAll(person) // ends with an error once nobody writes any more
			shown <- string(b)
		}()
		root := &cobra.Command{Use: "millwright", SilenceErrors: true, SilenceUsage: true}
		root.AddCommand(fullVerbs()...)
		root.SetOut(program)
		root.SetErr(program)
		code := execute(t.Context(), root, []string{"train", "--data", data, "--model", filepath.Join(t.TempDir(), "m.mwm")})
		if err := program.Close(); err != nil {
			t.Fatal(err)
		}
		text := <-shown
		person.Close()
		at := strings.LastIndex(text, "2 sensors, ")
		if code != exitDone || at < 0 || strings.Contains(text[at:], "\x1b") || !strings.Contains(text[:at], "fits and scores: ") {
			t.Errorf("%d columns: exit %d, %q", columns, code, text)
		}
	}
}
