//go:build !man && !profile

// Command millwright takes sensor CSVs from drop folders to a scheduler's
// bucket and runs the verbs around that. Each verb has its own file here; the
// work is done by the packages that the verbs call.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // gateways often have no zone data of their own
)

func main() {
	os.Exit(run())
}

// run is main with its defers.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, newRoot(), os.Args[1:])
}
