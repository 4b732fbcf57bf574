package reentry

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A turn is what the goroutine of the step hands to the call that runs it: the end of the step, or a wait.
type turn struct {
	output string
	err    error
	wait   *wait
}

var (
	// running is the step that this instance serves. Between two calls its goroutine is parked in Context.wait.
	running *Context
	turns   = make(chan turn)
	woken   = make(chan resolution)
	// lastWait is the number of the wait that is open, by which the host names it. None is used twice in an instance.
	lastWait uint32
)

// Between the calls the collector is at rest. While the host allocates room for arguments, and while it reads results, a guest
// may call no function of the host; the collector would, to look at the clock.
func init() { rest() }

// restPercent puts the goal of the heap beyond all memory that there can be. Off altogether, -1, would not do: the goal then
// overflows, and the allocator gives pages back to the system, for which it looks at the clock as well.
const restPercent = 1 << 20

func rest() {
	// Brings a collection that is under way to its end.
	runtime.GC()
	debug.SetGCPercent(restPercent)
}

func work() { debug.SetGCPercent(100) }

//go:wasmexport reentry:step/guest@0.1.0#describe
func describe() uint32 {
	const size = 184
	list, all := allocate(8), allocate(size*uint32(len(steps)))
	for k, step := range steps {
		step.putDescriptor(all + place(k*size))
	}
	list.putU32(0, uint32(all))
	list.putU32(4, uint32(len(steps)))
	return uint32(list)
}

//go:wasmexport reentry:step/guest@0.1.0#start
func start(at uint32) uint32 {
	work()
	call := place(at)
	facts, input := readFacts(call), call.text(96)
	for _, step := range steps {
		if step.id == facts.Step {
			running = &Context{facts: facts}
			go func() {
				output, err := step.run(running, input)
				turns <- turn{output: output, err: err}
			}()
			return ended(<-turns)
		}
	}
	message := fmt.Sprintf("there is no step %s in this component", facts.Step)
	return ended(turn{err: &Failure{Message: message, Code: "unknown-step"}})
}

//go:wasmexport reentry:step/guest@0.1.0#resume
func resume(at uint32) uint32 {
	work()
	call := place(at)
	resolved, count := call.place(96), call.u32(100)
	if running == nil || count != 1 || resolved.u32(0) != lastWait {
		message := "the host resumed a wait that this instance has not: its memory was not put back"
		return ended(turn{err: &Failure{Message: message, Code: "unknown-wait"}})
	}
	running.facts = readFacts(call)
	woken <- readResolution(resolved + 8)
	return ended(<-turns)
}

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#describe
func described(uint32) { clear(live) }

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#start
func started(uint32) { clear(live) }

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#resume
func resumed(uint32) { clear(live) }

// wait hands a wait to the host and parks until it is over: perhaps for days, and in another process.
func (ctx *Context) wait(wait *wait) resolution {
	turns <- turn{wait: wait}
	return <-woken
}

func ended(turn turn) uint32 {
	// What was printed last may not end a line.
	os.Stdout.Sync()
	os.Stderr.Sync()

	result := allocate(64)
	switch err := turn.err.(type) {
	case nil:
		if turn.wait == nil {
			result.putText(12, turn.output)
			break
		}
		lastWait++
		result.putU8(8, 2)
		result.putU32(12, uint32(turn.wait.put(lastWait)))
		result.putU32(16, 1)
	case *bailed:
		result.putU8(8, 1)
		result.putText(12, err.result)
	default:
		asFailure(err).put(result)
	}
	rest()
	return uint32(result)
}

func readFacts(at place) Facts {
	facts := Facts{
		Step:           at.text(0),
		RunID:          at.text(8),
		WorkflowID:     at.text(16),
		Path:           at.text(24),
		Attempt:        at.u32(32),
		ResourceID:     at.maybe(36),
		IdempotencyKey: at.text(48),
		Now:            time.UnixMilli(int64(at.u64(56))),
	}
	if at.u8(72) != 0 {
		facts.TraceID, facts.SpanID = at.text(76), at.text(84)
	}
	return facts
}

// A resolution is how a wait ended: by data, by a failure of what was run, or by a deadline.
type resolution struct {
	data     string
	failure  *Failure
	timedOut bool
}

func readResolution(at place) resolution {
	switch at.u8(0) {
	case 0, 3, 4: // Answered, received, completed.
		return resolution{data: at.text(8)}
	case 1:
		return resolution{timedOut: true}
	case 5:
		return resolution{failure: readFailure(at + 8)}
	default: // The instant has come, the checkpoint is durable.
		return resolution{}
	}
}
