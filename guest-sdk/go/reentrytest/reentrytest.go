// Package reentrytest is for unit tests of steps on the developer's own machine, without a host: a context whose waits end as the
// test says.
//
//	host := reentrytest.New(t)
//	host.Answer(answer{Approved: true})
//	receipt, err := buy(host.Context(), order{Item: "a lamp"})
//
// The step runs in the test's goroutine. It gets to no end if it waits for more than the test has: the test then fails, and says for
// what.
package reentrytest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"reentry"
)

// Host answers the context of a step in a test.
type Host struct {
	// Now is the time that [reentry.Facts] has. A sleep moves it on.
	Now time.Time
	// CallFacts are the facts of the call, but for the time.
	CallFacts reentry.Facts
	// Input is that of the workflow, JSON text.
	Input string
	// IsCancelled is what the step gets to see.
	IsCancelled bool

	t       testing.TB
	lock    sync.Mutex
	next    []reentry.Resolution
	waits   []reentry.Wait
	answers uint32
	lines   []Line
	chunks  []string
	state   map[string]json.RawMessage
	context map[string]json.RawMessage
	results map[string]string
}

// A Line of the log.
type Line struct {
	Level   reentry.Level
	Message string
	// Fields are JSON text, "" for none.
	Fields string
}

// New makes a host for a test.
func New(t testing.TB) *Host {
	return &Host{
		t:         t,
		Now:       time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		CallFacts: reentry.Facts{Step: "step", RunID: "run", WorkflowID: "workflow", Path: "step", IdempotencyKey: "key"},
		Input:     "null",
		state:     map[string]json.RawMessage{},
		context:   map[string]json.RawMessage{},
		results:   map[string]string{},
	}
}

// Context is what the step is called with.
func (host *Host) Context() *reentry.Context { return reentry.NewContext(host) }

// ---- what the test says ----

// Answer ends the next wait with an answer, the payload of an event, or the output of what is run. A json.RawMessage is the text as it
// is: one that fits no type shows how the step deals with that.
func (host *Host) Answer(value any) *Host {
	return host.then(reentry.Resolution{Data: host.text(value)})
}

// TimeOut ends the next wait by its deadline.
func (host *Host) TimeOut() *Host { return host.then(reentry.Resolution{TimedOut: true}) }

// Fail ends the next wait with a failure of what is run.
func (host *Host) Fail(failure *reentry.Failure) *Host {
	return host.then(reentry.Resolution{Failure: failure})
}

// Know sets one key of the request context.
func (host *Host) Know(key string, value any) *Host {
	host.context[key] = json.RawMessage(host.text(value))
	return host
}

// Keep sets one key of the workflow's shared state.
func (host *Host) Keep(key string, value any) *Host {
	host.state[key] = json.RawMessage(host.text(value))
	return host
}

// Done is the output of a step that is done.
func (host *Host) Done(path string, output any) *Host {
	host.results[path] = host.text(output)
	return host
}

func (host *Host) then(resolution reentry.Resolution) *Host {
	host.next = append(host.next, resolution)
	return host
}

func (host *Host) text(value any) string {
	host.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		host.t.Fatalf("reentrytest: %v", err)
	}
	return string(text)
}

// ---- what the step did ----

// Waits are all that the step waited for, in order.
func (host *Host) Waits() []reentry.Wait { return host.waits }

// Asked reads the payload of the latest question.
func (host *Host) Asked(to any) {
	host.t.Helper()
	for k := len(host.waits) - 1; k >= 0; k-- {
		if wait := host.waits[k]; wait.Kind == reentry.ForAnswer {
			if err := json.Unmarshal([]byte(wait.JSON), to); err != nil {
				host.t.Fatalf("reentrytest: the question %s: %v", wait.JSON, err)
			}
			return
		}
	}
	host.t.Fatal("reentrytest: the step asked nothing")
}

// Lines are what was logged through the context.
func (host *Host) Lines() []Line { return host.lines }

// Chunks are what was emitted, JSON text.
func (host *Host) Chunks() []string { return host.chunks }

// ---- reentry.Host ----

// Facts implements [reentry.Host].
func (host *Host) Facts() reentry.Facts {
	facts := host.CallFacts
	facts.Now = host.Now
	return facts
}

// Wait implements [reentry.Host].
func (host *Host) Wait(wait *reentry.Wait) reentry.Resolution {
	host.lock.Lock()
	defer host.lock.Unlock()
	host.waits = append(host.waits, *wait)
	host.answers = 0
	number := uint32(len(host.waits))
	switch wait.Kind {
	case reentry.ForTime:
		if wait.Instant.After(host.Now) {
			host.Now = wait.Instant
		}
		return reentry.Resolution{Wait: number}
	case reentry.ForCheckpoint:
		return reentry.Resolution{Wait: number}
	}
	if len(host.next) == 0 {
		host.t.Fatalf("%s: the step waits for %s, and the test says nothing of how that ends; say it before with Answer, TimeOut or Fail",
			wait.At, wait)
	}
	resolution := host.next[0]
	host.next = host.next[1:]
	resolution.Wait = number
	if wait.Kind == reentry.ForAnswer && resolution.Failure == nil && !resolution.TimedOut {
		host.answers = number
	}
	return resolution
}

// Answered implements [reentry.Host].
func (host *Host) Answered() uint32 { return host.answers }

// Log implements [reentry.Host].
func (host *Host) Log(level reentry.Level, message, fields string) {
	host.lines = append(host.lines, Line{level, message, fields})
}

// State implements [reentry.Host].
func (host *Host) State() string { return host.text(host.state) }

// SetState implements [reentry.Host].
func (host *Host) SetState(key, value string) error { return set(host.state, key, value) }

// RequestContext implements [reentry.Host].
func (host *Host) RequestContext() string { return host.text(host.context) }

// SetRequestContext implements [reentry.Host].
func (host *Host) SetRequestContext(key, value string) error { return set(host.context, key, value) }

func set(values map[string]json.RawMessage, key, value string) error {
	if key == "" {
		return fmt.Errorf("the key %s is empty", strconv.Quote(key))
	}
	values[key] = json.RawMessage(value)
	return nil
}

// StepResult implements [reentry.Host].
func (host *Host) StepResult(path string) (string, bool) {
	text, done := host.results[path]
	return text, done
}

// InitData implements [reentry.Host].
func (host *Host) InitData() string { return host.Input }

// Emit implements [reentry.Host].
func (host *Host) Emit(chunk string) { host.chunks = append(host.chunks, chunk) }

// Cancelled implements [reentry.Host].
func (host *Host) Cancelled() bool { return host.IsCancelled }
