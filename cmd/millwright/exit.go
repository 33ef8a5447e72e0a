package main

import (
	"errors"
	"strings"
)

// What the process exits with. Scripts and units rely on these numbers.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitData   = 3
	exitPartly = 4
	exitConfig = 78 // EX_CONFIG of sysexits.h
)

// exitCodes is the table that help repeats.
const exitCodes = `Exit codes:
   0  done
   1  failed
   2  wrong usage
   3  the data has problems
   4  partly done, run again to resume
  78  bad configuration`

// exitError is an error that says what the process exits with.
type exitError struct {
	code int
	err  error // nil: the verb has already said everything
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exit makes a verb end with code. With a nil err nothing is printed: a report
// that found problems in the data has been written already. exit(0, nil) is nil.
func exit(code int, err error) error {
	if code == exitDone && err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

// codeOf gives the exit code that err asks for. What no verb has named is wrong
// usage: only the command line's own checks run outside a verb.
func codeOf(err error) int {
	if err == nil {
		return exitDone
	}
	var e *exitError
	if errors.As(err, &e) {
		return e.code
	}
	return exitUsage
}

// advised is an error with what to do about it, which scripts read apart.
type advised struct {
	err    error
	remedy string
}

func advise(err error, remedy string) error { return &advised{err, remedy} }

func (a *advised) Error() string { return a.err.Error() + "; " + a.remedy }
func (a *advised) Unwrap() error { return a.err }

// failure is what a verb with --json prints when it ends with nothing else.
type failure struct {
	Error  string `json:"error"`
	Remedy string `json:"remedy,omitempty"`
}

func failureOf(err error) failure {
	var a *advised
	if errors.As(err, &a) {
		return failure{a.err.Error(), a.remedy}
	}
	return failure{Error: oneLine(err)}
}

// oneLine keeps a message on its line when it goes to a log or a terminal.
func oneLine(err error) string {
	return strings.TrimRight(err.Error(), "\n")
}
