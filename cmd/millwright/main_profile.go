//go:build profile

// Command millwright, with a CPU profile of the run in the file $PROFILE.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	_ "time/tzdata"
)

func main() {
	os.Exit(run())
}

func run() int {
	f, err := os.Create(os.Getenv("PROFILE"))
	if err == nil {
		defer f.Close()
		err = pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "begin profile:", err)
		return exitFailed
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, newRoot(), os.Args[1:])
}
