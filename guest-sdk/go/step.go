// Package reentry is for writing durable steps in Go. A step is a function; where it waits for a person, an instant or an
// event, its goroutine is put away with all of its memory, and goes on at the next line when the wait is over: after days, in
// another process, on another machine.
package reentry

import (
	"fmt"
	"reflect"
	"time"
)

// Step is one step of a component.
type Step struct {
	id  string
	at  string
	run func(ctx *Context, input string) (string, error)

	// Title is a short name for people, Description says what the step does.
	Title, Description string
	// JSON Schemas. [Register] derives that of the input and of the output from their types, [Asks] that of the question and of
	// the answer. Set one to say more than its type does.
	InputSchema, OutputSchema, SuspendSchema, ResumeSchema, StateSchema, RequestContextSchema string
	// Retry says how failures are retried, unless the workflow says otherwise.
	Retry *Retry
	// Timeout is the longest time of one call. Defaults to no limit of the step's own.
	Timeout time.Duration
}

// Retry is a policy for failures that are retryable.
type Retry struct {
	// Retries are tries after the first one.
	Retries         uint32
	Delay, MaxDelay time.Duration
	// Backoff times the wait before gives the next one. Defaults to 1.
	Backoff float64
	// Jitter is the share of each wait that is drawn at random.
	Jitter float64
}

var (
	steps []*Step
	// mistakes are what is wrong with the steps. They are kept until the host asks which steps there are, as all of them
	// are told then.
	mistakes []string
)

// StepOption says something of a step.
type StepOption func(*Step)

// Title names the step for people.
func Title(title string) StepOption { return func(step *Step) { step.Title = title } }

// Asks says what the step asks and how it is answered. Both schemas are derived from the types.
func Asks[Question, Answer any]() StepOption {
	return func(step *Step) {
		step.SuspendSchema = step.schema(reflect.TypeFor[Question](), written)
		step.ResumeSchema = step.schema(reflect.TypeFor[Answer](), wasRead)
	}
}

// Register adds a step to the component. Call it in an init function: main is not called.
//
// Input and output are read and written with encoding/json, and their schemas are derived from the types. A json.RawMessage is
// the text as it is. A member that is missing is an error unless its field is a pointer or has the option omitempty or omitzero.
//
// id names the step within its component: letters, digits, - and _, at most 128 bytes.
func Register[Input, Output any](id string, run func(*Context, Input) (Output, error), options ...StepOption) *Step {
	step := &Step{id: id, at: callSite(), run: func(ctx *Context, text string) (string, error) {
		var input Input
		if err := read(source{"the input", "bad-input"}, text, &input); err != nil {
			return "", err
		}
		output, err := run(ctx, input)
		if err != nil {
			return "", err
		}
		return write("the output", output)
	}}
	step.InputSchema = step.schema(reflect.TypeFor[Input](), wasRead)
	step.OutputSchema = step.schema(reflect.TypeFor[Output](), written)
	for _, option := range options {
		option(step)
	}
	if problem := problemOf(id); problem != "" {
		step.mistake(problem)
	}
	for _, other := range steps {
		if other.id == id {
			step.mistake(fmt.Sprintf("the id is taken by the step that is registered at %s", other.at))
		}
	}
	steps = append(steps, step)
	return step
}

func problemOf(id string) string {
	if len(id) == 0 || len(id) > 128 {
		return fmt.Sprintf("an id has 1 to 128 bytes, and this one has %d", len(id))
	}
	for _, char := range id {
		letter := 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z'
		if !letter && !('0' <= char && char <= '9') && char != '-' && char != '_' {
			return fmt.Sprintf("an id has letters, digits, - and _, and not %q", char)
		}
	}
	return ""
}

func (step *Step) mistake(problem string) {
	mistakes = append(mistakes, fmt.Sprintf("%s: step %q: %s", step.at, step.id, problem))
}

// schema derives a schema; "" for a type that takes any value.
func (step *Step) schema(of reflect.Type, use use) string {
	text, err := deriveSchema(of, use)
	if err != nil {
		step.mistake(err.Error())
	}
	return text
}
