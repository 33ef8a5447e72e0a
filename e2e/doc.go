// Package e2e drives the built binary against a real S3 server through kills,
// outages, slow links and stepping clocks. It has only tests.
//
// The command replay, beside it, does the same with sensor files of yours, which
// need no preparation:
//
//	cd e2e && go run ./replay --data /srv/export --rate PT1S,PT1M --frequency PT5M
//	go run ./replay --data a.csv,b.csv.gz --drop-columns note --rate PT5M --frequency PT1H \
//		--offset PT60M --start 2026-01-05T00:00:00Z --limit 48h --pace 720
//
// Each file is a component. It is checked with validate, becomes window objects and
// training data with backfill, and is cut into drops that are dropped in time beside a
// daemon whose clock goes --pace times as fast; --steps chooses among validate,
// inference, training and run. Every object must be what the oracle computes, byte for
// byte, and nothing else may be there; otherwise the first line that differs is shown
// and the exit code is 1. MILLWRIGHT names the binary; without it the tree's is built.
package e2e
