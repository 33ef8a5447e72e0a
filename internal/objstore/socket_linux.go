package objstore

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// tune lets the kernel find dead links (bytes that nobody acknowledges) and
// keeps few unsent bytes in it, so that progress of the body is progress on the
// link even at 1 Mbit/s. Neither is vital: errors are left aside.
func tune(c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(ackTimeout.Milliseconds()))
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 64<<10)
	})
}
