package httpserve

import (
	stdlog "log"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logged writes a line for each request at level debug: scrapes and health
// checks come all day.
func logged(next http.Handler, log *zap.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := log.Check(zapcore.DebugLevel, "request")
		if e == nil {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		c := &counted{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(c, r)
		e.Write(zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.String("from", r.RemoteAddr),
			zap.Int("status", c.status), zap.Int64("bytes", c.bytes), zap.Duration("took", time.Since(start)))
	})
}

// counted remembers what was answered.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap is for http.ResponseController.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// quiet takes what net/http has to say: mostly of clients that went away, and
// of handlers that panicked, which is said at level warn nowhere else.
func quiet(log *zap.Logger) *stdlog.Logger {
	std, err := zap.NewStdLogAt(log.Named("http"), zapcore.WarnLevel)
	if err != nil { // cannot happen: the level is a constant
		return nil
	}
	return std
}
