package reentry

import (
	"encoding/json"
	"errors"
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
	text, err := write(result)
	if err != nil {
		return err
	}
	return &bailed{text}
}

type bailed struct{ result string }

func (*bailed) Error() string { return "the workflow is done" }

func asFailure(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &Failure{Message: err.Error()}
}

func (failure *Failure) put(result place) {
	result.putU8(0, 1)
	result.putText(8, failure.Message)
	result.putMaybe(16, failure.Code)
	if failure.Retryable {
		result.putU8(28, 1)
	}
	result.putTime(32, uint64(failure.RetryAfter.Milliseconds()))
	if failure.Details != nil {
		if details, err := write(failure.Details); err == nil {
			result.putMaybe(48, details)
		}
	}
}

func readFailure(at place) *Failure {
	failure := &Failure{Message: at.text(0), Code: at.maybe(8), Retryable: at.u8(20) != 0}
	if at.u8(24) != 0 {
		failure.RetryAfter = time.Duration(at.u64(32)) * time.Millisecond
	}
	if details := at.maybe(40); details != "" {
		failure.Details = json.RawMessage(details)
	}
	return failure
}
