package backfill_test

import (
	"os"
	"testing"
)

const childEnv = "BACKFILL_CHILD"

func child() int { return 0 }

func TestNothing(t *testing.T) { t.Parallel(); _ = os.Args }
