// Package reentry is for writing durable steps in Go. A step is a function; where it waits for a person, an instant or an
// event, its goroutine is put away with all of its memory, and goes on at the next line when the wait is over: after days, in
// another process, on another machine.
package reentry

import (
	"bytes"
	"encoding/json"
	"time"
)

// Step is one step of a component.
type Step struct {
	id  string
	run func(ctx *Context, input string) (string, error)

	// Title is a short name for people, Description says what the step does.
	Title, Description string
	// JSON Schemas.
	InputSchema, OutputSchema, SuspendSchema, ResumeSchema, StateSchema, RequestContextSchema string
	// Retry says how failures are retried, unless the workflow says otherwise.
	Retry *Retry
	// Timeout is the longest time of one call; 0 is no limit of the step's own.
	Timeout time.Duration
}

// Retry is a policy for failures that are retryable.
type Retry struct {
	// Retries are tries after the first one.
	Retries         uint32
	Delay, MaxDelay time.Duration
	// Backoff times the wait before gives the next one; 0 stands for 1.
	Backoff float64
	// Jitter is the share of each wait that is drawn at random.
	Jitter float64
}

var steps []*Step

// Register adds a step to the component: to be called in an init function. Input and output are read and written with
// encoding/json; a json.RawMessage is the text as it is.
//
// id names the step within its component: letters, digits, - and _, at most 128 bytes.
func Register[Input, Output any](id string, run func(*Context, Input) (Output, error)) *Step {
	step := &Step{id: id, run: func(ctx *Context, text string) (string, error) {
		var input Input
		if err := read("the input", text, &input); err != nil {
			return "", err
		}
		output, err := run(ctx, input)
		if err != nil {
			return "", err
		}
		return write(output)
	}}
	steps = append(steps, step)
	return step
}

func (step *Step) putDescriptor(at place) {
	at.putText(0, step.id)
	texts := []string{step.Title, step.Description, step.InputSchema, step.OutputSchema, step.SuspendSchema,
		step.ResumeSchema, step.StateSchema, step.RequestContextSchema}
	for k, text := range texts {
		at.putMaybe(8+12*uint32(k), text)
	}
	if retry := step.Retry; retry != nil {
		at.putU8(104, 1)
		at.putU32(112, retry.Retries)
		at.putU64(120, uint64(retry.Delay.Milliseconds()))
		at.putF64(128, max(retry.Backoff, 1))
		at.putU64(136, uint64(retry.MaxDelay.Milliseconds()))
		at.putF64(144, retry.Jitter)
	}
	at.putTime(152, uint64(step.Timeout.Milliseconds()))
}

func read(what, text string, to any) error {
	if raw, ok := to.(*json.RawMessage); ok {
		*raw = json.RawMessage(text)
		return nil
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return &Failure{Message: what + " does not fit: " + err.Error(), Code: "bad-json"}
	}
	return nil
}

func write(value any) (string, error) {
	if raw, ok := value.(json.RawMessage); ok {
		return string(raw), nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimRight(text.Bytes(), "\n")), nil
}
