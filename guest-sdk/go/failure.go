package reentry

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// ErrTimedOut says that the deadline of a wait passed.
var ErrTimedOut = &Failure{Message: "the wait did not end before its deadline", Code: "timed-out"}

// Failure is an error that says more. Any other error that a step returns is a final failure with its text.
type Failure struct {
	// Message is for people.
	Message string
	// Code is for programs: a short stable word.
	Code string
	// Retryable says whether trying the same again may help.
	Retryable bool
	// RetryAfter is the shortest wait before that; 0 leaves it to the retry policy.
	RetryAfter time.Duration
	// Details are written as JSON. Those that cannot be are left out.
	Details any
}

func (failure *Failure) Error() string { return failure.Message }

// Retryable makes an error that may go away.
func Retryable(message string) error { return &Failure{Message: message, Retryable: true} }

// Bail ends the workflow that the step stands in, successfully, with this result: `return nil, reentry.Bail(result)`.
// Code that handles errors passes it on.
func Bail(result any) error {
	text, err := write("the result", result)
	if err != nil {
		return err
	}
	return &bailed{text}
}

type bailed struct{ result string }

func (*bailed) Error() string { return "the workflow is done" }

// asFailure is the failure that an error stands for: the one that it is or wraps, with the error's own text.
func asFailure(err error) *Failure {
	var inner *Failure
	if errors.As(err, &inner) {
		failure := *inner
		failure.Message = err.Error()
		return &failure
	}
	return &Failure{Message: err.Error() + advice(err)}
}

// advice says what to do instead where a step tried what it cannot.
func advice(err error) string {
	var file *fs.PathError
	if errors.As(err, &file) {
		return " (a step has no files: what it needs comes with its input, or is in its binary with go:embed)"
	}
	// The errors of package net, which is too large to be imported for this.
	var network interface {
		Timeout() bool
		Temporary() bool
	}
	if !errors.As(err, &network) {
		return ""
	}
	if kind := fmt.Sprintf("%T", network); strings.HasPrefix(kind, "*net.") || strings.HasPrefix(kind, "*url.") {
		return " (a step has no network: what it needs comes with its input, or with an answer or event for which it waits)"
	}
	return ""
}
