// Command store is an S3 server with one bucket, for a machine that has none: the
// objects are plain files below DIR/data. It is not the program's own embedded
// one, so that the two cannot be wrong together.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: store DIR ADDRESS BUCKET ACCESS-KEY SECRET-KEY")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, dir, addr, bucket, access, secret string) error {
	data, side := filepath.Join(dir, "data"), filepath.Join(dir, "meta")
	if err := errors.Join(os.MkdirAll(filepath.Join(data, bucket), 0o755), os.MkdirAll(side, 0o755)); err != nil {
		return err
	}
	storer, err := meta.NewSideCar(side)
	if err != nil {
		return err
	}
	be, err := posix.New(data, storer, posix.PosixOpts{SideCarDir: side, CopyObjectThreshold: 5 << 30})
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, be, &embedgw.Config{
		RootUserAccess: access, RootUserSecret: secret, Region: "plant-1",
		Ports: []string{addr}, MaxConnections: 256, MaxRequests: 256, MultipartMaxParts: 10000,
		KeepAlive: true, Quiet: true,
	})
}
