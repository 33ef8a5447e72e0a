package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"millwright/inference/store"
)

const crashVariable = "MILLWRIGHT_TEST_CRASH"

// TestCrashingWriter is no test of its own: TestKilledProcessLeavesNoHalves runs
// it as a process that writes until it is killed.
func TestCrashingWriter(t *testing.T) {
	database := os.Getenv(crashVariable)
	if database == "" {
		return
	}
	s := newSuite(t, database, store.Quotas{})
	for i := 0; ; i++ {
		name := fmt.Sprintf("d-%d-%d", os.Getpid(), i)
		d := s.newDataset(name)
		_, _, err := s.Once(t.Context(), store.ClientToken{Account: account, Operation: "x", Token: name}, s.now, func(tx *store.Tx) (string, error) {
			if err := tx.CreateDataset(t.Context(), d); err != nil {
				return "", err
			}
			j := s.newIngestion(d)
			if err := tx.CreateIngestion(t.Context(), j); err != nil {
				return "", err
			}
			if _, err := tx.MoveDataset(t.Context(), d.ID, store.DatasetIngesting, s.now, nil); err != nil {
				return "", err
			}
			return j.ID, tx.PutTags(t.Context(), d.ARN, []store.Tag{{Key: "job", Value: j.ID}})
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("wrote", name)
	}
}

func TestKilledProcessLeavesNoHalves(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		written := map[string]bool{}
		for range 4 {
			child := exec.Command(os.Args[0], "-test.run=^TestCrashingWriter$", "-test.v")
			child.Env = append(os.Environ(), crashVariable+"="+s.database)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var kill *time.Timer
			for lines := bufio.NewScanner(out); lines.Scan(); {
				var name string
				if _, err := fmt.Sscanf(lines.Text(), "wrote %s", &name); err != nil {
					continue
				}
				written[name] = true
				if kill == nil { // at a random point of what follows the first
					kill = time.AfterFunc(rand.N(60*time.Millisecond), func() { child.Process.Kill() })
				}
			}
			if kill == nil {
				t.Fatal("the writer wrote nothing")
			}
			kill.Stop()
			child.Wait() // it was killed
		}
		there := map[string]bool{}
		for page := (store.Page{Limit: 500}); ; {
			rows, next, err := s.Datasets(ctx, account, store.DatasetFilter{}, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range rows {
				there[d.Name] = true
				if d.Status != store.DatasetIngesting {
					t.Errorf("%s is %s", d.Name, d.Status)
				}
				tags, err := s.Tags(ctx, d.ARN)
				if err != nil || len(tags) != 1 {
					t.Fatalf("%s: tags %v %v", d.Name, tags, err)
				}
				if _, err := s.Ingestion(ctx, tags[0].Value); err != nil {
					t.Error(err)
				}
				answer, again, err := s.Once(ctx, store.ClientToken{Account: account, Operation: "x", Token: d.Name}, s.now, func(*store.Tx) (string, error) { return "", nil })
				if err != nil || !again || answer != tags[0].Value {
					t.Errorf("%s: its token says %q, again %v: %v", d.Name, answer, again, err)
				}
			}
			if page.Token = next; next == "" {
				break
			}
		}
		for name := range written {
			if !there[name] {
				t.Errorf("%s was written and is gone", name)
			}
		}
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, s.newDataset("after")) }) // no lock was left
	})
}
