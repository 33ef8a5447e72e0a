package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// lead is for how long, in real time, the daemon runs before its data begins.
const lead = 2 * time.Second

// patience is how long, in real time, what must come may take.
const patience = 45 * time.Second

// run drops a stretch of the file in time beside a rehearsing daemon.
func (r *replayed) run() {
	from, to := r.f.span()
	if !r.o.start.IsZero() {
		from = r.o.start
	}
	length := to.Sub(from) + 1
	if r.o.limit > 0 {
		length = min(length, r.o.limit)
	}
	drops, plain, rows := r.f.cut(from, length, r.o.period)
	r.to.dropped = rows
	if rows == 0 {
		r.Errorf("run: there are no rows in the stretch from %s", from)
		return
	}
	ahead := time.Duration(float64(lead) * r.o.pace)
	first := from.Add(-1).Truncate(r.o.frequency).Add(-ahead)
	end := drops[len(drops)-1].At.Add(r.o.offset + 3*r.o.frequency)
	want, err := r.s.Expect(plain, oracle.Life{First: first, End: end})
	if err != nil {
		r.Fatal(err)
	}
	a, bucket := r.agent("{folder}")
	began := time.Now()
	stop := r.daemon(a, first)
	defer stop()
	r.await(time.Minute, func() string {
		var any map[string]any
		if err := a.Status(&any); err != nil {
			return err.Error()
		}
		return ""
	})
	for _, d := range drops {
		r.until(began, first, d.At)
		a.Put(d.Path, d.Content)
	}
	r.until(began, first, end)
	r.await(patience, func() string {
		_, words := compare(r.stage, bucket, want.Objects)
		return words
	})
	r.holds(bucket, want.Objects, &r.to.run, "run")
	if words := r.await(patience, func() string { return accounts(a, drops) }); words != "" {
		r.Errorf("run: %s", words)
	}
	if late, _ := filepath.Glob(filepath.Join(a.State(), "late", "*", "*")); len(late) > 0 {
		r.Errorf("run: rows were late; if the machine was too busy, take a lower --pace or a longer --offset")
	}
}

// daemon starts the daemon with its clock at the instant first.
func (r *replayed) daemon(a *harness.Agent, first time.Time) (stop func()) {
	log, err := os.Create(filepath.Join(a.Dir, "log"))
	if err != nil {
		r.Fatal(err)
	}
	cmd := exec.Command(r.binary, "run", "--config", a.Config(), "--rehearse", fmt.Sprintf("%s@%g", first.Format(time.RFC3339), r.o.pace))
	cmd.Env, cmd.Stdout, cmd.Stderr = a.Env(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	return func() {
		defer log.Close()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		if err := cmd.Wait(); err != nil {
			text, _ := os.ReadFile(log.Name())
			r.Errorf("run: the daemon stopped with %v:\n%s", err, last(string(text)))
		}
	}
}

// until waits for an instant of the daemon's clock.
func (r *replayed) until(began, first, at time.Time) {
	select {
	case <-time.After(time.Until(began.Add(time.Duration(float64(at.Sub(first)) / r.o.pace)))):
	case <-r.ctx.Done():
		r.Fatal("it was interrupted")
	}
}

// await asks until nothing is missing, and gives what still is.
func (r *replayed) await(atMost time.Duration, missing func() string) string {
	deadline := time.Now().Add(atMost)
	for {
		words := missing()
		if words == "" || time.Now().After(deadline) {
			return words
		}
		r.until(time.Now(), time.Time{}, time.Time{}.Add(time.Duration(r.o.pace*float64(200*time.Millisecond))))
	}
}

// accounts names the first drop whose rows are not accounted for.
func accounts(a *harness.Agent, drops []oracle.Drop) string {
	for _, d := range drops {
		fates, err := a.Fates(d.Path)
		if err != nil {
			return err.Error()
		}
		rows := int64(strings.Count(string(d.Content), "\n") - 1)
		if len(fates) != 1 || fates[0].Counts.Rows != rows || fates[0].Accounted() != rows || fates[0].Counts.Open != 0 {
			return fmt.Sprintf("%s has %d rows, status says %+v", d.Path, rows, fates)
		}
	}
	return ""
}
