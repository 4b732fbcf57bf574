package reentry

import (
	"reflect"
	"time"
)

// Context is the step's link to its host. Goroutines of the step may share it; their waits are asked one after another.
type Context struct{ host Host }

// Facts are those of a call. They differ in the next one, so ask again after a wait.
type Facts struct {
	Step, RunID, WorkflowID, Path string
	// Attempt counts the tries of this call before this one.
	Attempt uint32
	// ResourceID is "" if the run has none.
	ResourceID string
	// IdempotencyKey is the same at each try of one call, and different for each call.
	IdempotencyKey string
	// Now is the host's clock when it made the call.
	Now time.Time
	// TraceID and SpanID are "" if the call belongs to no trace.
	TraceID, SpanID string
}

// Facts of the present call.
func (ctx *Context) Facts() Facts { return ctx.host.Facts() }

// ---- waiting ----

// Suspend waits for an answer to the payload. The schema of the answer is derived from its type.
//
// An answer that cannot be read is an error, which the step should return: the question is then open again. The same holds for
// an error of [Context.Refuse].
func Suspend[Answer any](ctx *Context, payload any, options ...Option) (answer Answer, err error) {
	wait := newWait(ForAnswer, options)
	if wait.JSON, err = write("the question", payload); err != nil {
		return answer, err
	}
	if wait.Schema == "" {
		if wait.Schema, err = deriveSchema(reflect.TypeFor[Answer](), wasRead); err != nil {
			return answer, &Failure{Message: "the type of the answer: " + err.Error(), Code: "bad-schema"}
		}
	}
	if wait.Default != "" {
		var answer Answer
		if err := read(source{"the answer at the deadline", "bad-default"}, wait.Default, &answer); err != nil {
			return answer, err
		}
	}
	err = ctx.await(wait, source{"the answer", "bad-answer"}, &answer)
	return answer, err
}

// Refuse makes an error that refuses the answer which the step got last: `return nil, ctx.Refuse("there are only whole lamps")`.
// All that the step did since is dropped, and the question is open again. Only an answer that somebody gave can be refused, and only
// before the next wait.
func (ctx *Context) Refuse(reason string) error {
	wait := ctx.host.Answered()
	if wait == 0 {
		return &Failure{Message: "no answer to refuse since the last wait: " + reason, Code: "nothing-to-refuse"}
	}
	return &Failure{Message: reason, Code: "bad-answer", Details: map[string]uint32{"wait": wait}}
}

// Event waits for an event; a key of "" takes any. Of the options only the deadline counts.
func Event[Payload any](ctx *Context, name, key string, options ...Option) (payload Payload, err error) {
	wait := newWait(ForEvent, options)
	wait.Name, wait.Key = name, key
	err = ctx.await(wait, source{"the event " + name, "bad-event"}, &payload)
	return payload, err
}

// RunStep has the host run another step of this component, and waits for its output.
func RunStep[Output any](ctx *Context, id string, input any) (output Output, err error) {
	err = ctx.runs(id, false, input, &output)
	return output, err
}

// RunWorkflow has the host run a workflow, and waits for its result.
func RunWorkflow[Output any](ctx *Context, id string, input any) (output Output, err error) {
	err = ctx.runs(id, true, input, &output)
	return output, err
}

// Sleep waits this long. time.Sleep does not work in a step.
func (ctx *Context) Sleep(duration time.Duration) { ctx.SleepUntil(time.Now().Add(duration)) }

// SleepUntil waits until an instant.
func (ctx *Context) SleepUntil(instant time.Time) {
	wait := newWait(ForTime, nil)
	wait.Instant = instant
	ctx.host.Wait(wait)
}

// Checkpoint makes durable what has been done so far, and goes on at once.
func (ctx *Context) Checkpoint() { ctx.host.Wait(newWait(ForCheckpoint, nil)) }

func (ctx *Context) runs(id string, ofWorkflow bool, input, output any) (err error) {
	wait := newWait(ForRun, nil)
	wait.Name, wait.OfWorkflow = id, ofWorkflow
	if wait.JSON, err = write("the input of "+id, input); err != nil {
		return err
	}
	return ctx.await(wait, source{"the output of " + id, "bad-result"}, output)
}

func (ctx *Context) await(wait *Wait, from source, to any) error {
	resolution := ctx.host.Wait(wait)
	switch {
	case resolution.TimedOut:
		return ErrTimedOut
	case resolution.Failure != nil:
		return resolution.Failure
	}
	err := read(from, resolution.Data, to)
	if failure, ok := err.(*Failure); ok {
		failure.Details = map[string]uint32{"wait": resolution.Wait}
	}
	return err
}
