package reentry

import "time"

// Context is the step's link to its host. Use it in the goroutine that the step runs in: one wait at a time.
type Context struct{ facts Facts }

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
func (ctx *Context) Facts() Facts { return ctx.facts }

// ---- waiting ----

// Suspend waits for an answer to the payload.
func Suspend[Answer any](ctx *Context, payload any, options ...Option) (answer Answer, err error) {
	wait := newWait(forAnswer, options)
	if wait.json, err = write(payload); err != nil {
		return answer, err
	}
	return answer, ctx.await(wait, "the answer", &answer)
}

// Event waits for an event; a key of "" takes any. Of the options only the deadline counts.
func Event[Payload any](ctx *Context, name, key string, options ...Option) (payload Payload, err error) {
	wait := newWait(forEvent, options)
	wait.name, wait.key = name, key
	return payload, ctx.await(wait, "the event", &payload)
}

// RunStep has the host run another step of this component, and waits for its output.
func RunStep[Output any](ctx *Context, id string, input any) (output Output, err error) {
	return output, ctx.runs(id, false, input, &output)
}

// RunWorkflow has the host run a workflow, and waits for its result.
func RunWorkflow[Output any](ctx *Context, id string, input any) (output Output, err error) {
	return output, ctx.runs(id, true, input, &output)
}

// Sleep waits this long. time.Sleep does not work in a step.
func (ctx *Context) Sleep(duration time.Duration) { ctx.SleepUntil(time.Now().Add(duration)) }

// SleepUntil waits until an instant.
func (ctx *Context) SleepUntil(instant time.Time) {
	wait := newWait(forTime, nil)
	wait.instant = uint64(instant.UnixMilli())
	ctx.wait(wait)
}

// Checkpoint makes durable what has been done so far, and goes on at once.
func (ctx *Context) Checkpoint() { ctx.wait(newWait(forCheckpoint, nil)) }

func (ctx *Context) runs(id string, ofWorkflow bool, input, output any) (err error) {
	wait := newWait(forRun, nil)
	wait.name, wait.ofWorkflow = id, ofWorkflow
	if wait.json, err = write(input); err != nil {
		return err
	}
	return ctx.await(wait, "the output", output)
}

func (ctx *Context) await(wait *wait, what string, to any) error {
	resolution := ctx.wait(wait)
	switch {
	case resolution.timedOut:
		return ErrTimedOut
	case resolution.failure != nil:
		return resolution.failure
	default:
		return read(what, resolution.data, to)
	}
}
