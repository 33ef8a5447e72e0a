package harness

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Link is a TCP proxy before the store whose quality tests decide. All of its
// connections share one bandwidth, as on an uplink.
type Link struct {
	target   string
	listener net.Listener
	ctx      context.Context // ends with the test
	wait     sync.WaitGroup

	mu    sync.Mutex
	down  bool
	bits  float64   // per second to the store; 0: as fast as it goes
	free  time.Time // when the link has sent all that it was given
	conns map[net.Conn]struct{}
	cut   int64 // bytes to the store after which the connection is reset; 0: never
	moved int64
	asked int64 // requests
}

// NewLink listens on a loopback port until the test ends.
func NewLink(t testing.TB, target string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{target: target, listener: listener, conns: map[net.Conn]struct{}{}}
	ctx, cancel := context.WithCancel(context.Background())
	l.ctx = ctx
	l.wait.Go(l.accept)
	t.Cleanup(func() {
		cancel()
		listener.Close()
		l.hangUp()
		l.wait.Wait()
	})
	return l
}

// URL is the endpoint to give to the agent.
func (l *Link) URL() string { return "http://" + l.listener.Addr().String() }

// Down breaks every connection and refuses new ones until Up.
func (l *Link) Down() {
	l.set(func() { l.down = true })
	l.hangUp()
}

// Up lets connections through again.
func (l *Link) Up() { l.set(func() { l.down = false }) }

// Throttle limits what goes to the store to bits per second; 0 lifts the limit.
func (l *Link) Throttle(bits float64) { l.set(func() { l.bits, l.free = bits, time.Now() }) }

// ResetAfter resets every connection that has sent n more bytes to the store; 0
// stops that.
func (l *Link) ResetAfter(n int64) { l.set(func() { l.cut = n }) }

// Sent is how many bytes went to the store.
func (l *Link) Sent() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.moved
}

// Requests is how many HTTP requests went to the store.
func (l *Link) Requests() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// begins tells whether a piece of a connection is the beginning of a request: a
// client writes each head by itself.
func begins(piece []byte) bool {
	for _, method := range []string{"GET ", "HEAD ", "PUT ", "POST ", "DELETE "} {
		if bytes.HasPrefix(piece, []byte(method)) {
			return true
		}
	}
	return false
}

func (l *Link) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func (l *Link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		reset(c)
	}
}

// reset closes so that the peer sees a connection reset, not an orderly end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

func (l *Link) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.wait.Go(func() { l.serve(c) })
	}
}

func (l *Link) serve(client net.Conn) {
	if !l.join(client) {
		return
	}
	defer l.leave(client)
	store, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	if !l.join(store) {
		return
	}
	defer l.leave(store)
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(client, store)
		client.Close()
	})
	l.forward(store, client)
	store.Close()
	both.Wait()
}

// forward moves bytes to the store at the link's speed.
func (l *Link) forward(store, client net.Conn) {
	buf := make([]byte, 16<<10)
	var sent int64
	for {
		size := len(buf)
		if l.slow() {
			size = 1460 // what a packet holds, so that connections share the link fairly
		}
		n, err := client.Read(buf[:size])
		if n > 0 {
			sent += int64(n)
			if begins(buf[:n]) {
				l.set(func() { l.asked++ })
			}
			if !l.pass(n, sent) {
				reset(client)
				return
			}
			if _, err := store.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *Link) slow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bits > 0
}

// pass waits until the link has sent n more bytes. False breaks the connection.
func (l *Link) pass(n int, sent int64) bool {
	l.mu.Lock()
	l.moved += int64(n)
	if l.cut > 0 && sent >= l.cut {
		l.mu.Unlock()
		return false
	}
	var until time.Time
	if l.bits > 0 {
		if now := time.Now(); l.free.Before(now) {
			l.free = now
		}
		l.free = l.free.Add(time.Duration(float64(n) * 8 / l.bits * float64(time.Second)))
		until = l.free
	}
	l.mu.Unlock()
	if left := time.Until(until); left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.ctx.Done():
			return false
		}
	}
	return true
}

func (l *Link) join(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down || l.ctx.Err() != nil {
		reset(c)
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *Link) leave(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	c.Close()
}
