package main

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes to w: JSON for machines, or lines for people.
func newLogger(level, format string, w io.Writer) *zap.Logger {
	return newLoggerAt(zap.NewAtomicLevelAt(levelOf(level)), format, w)
}

// newLoggerAt is newLogger for a level that may change.
func newLoggerAt(level zap.AtomicLevel, format string, w io.Writer) *zap.Logger {
	enc := zap.NewProductionEncoderConfig()
	enc.TimeKey, enc.EncodeTime, enc.EncodeDuration = "time", zapcore.RFC3339NanoTimeEncoder, zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(enc)
	if format == "console" {
		enc.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		enc.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(enc)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level))
}

// levelOf reads a level that the configuration has checked.
func levelOf(level string) zapcore.Level {
	lvl, err := zapcore.ParseLevel(level)
	if err != nil {
		return zapcore.InfoLevel
	}
	return lvl
}

// must turns a mistake in a verb's own set-up into a panic at its first start.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
