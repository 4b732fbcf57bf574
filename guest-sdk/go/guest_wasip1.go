package reentry

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// A turn is what a goroutine of the step hands to the call that runs it: the end of the step, or a wait.
type turn struct {
	output string
	err    error
	wait   *Wait
}

var (
	// running says that this instance serves a step. Between two calls the goroutines of the step are parked.
	running bool
	facts   Facts
	turns   = make(chan turn)
	woken   = make(chan Resolution)
	// begun are the waits that are not over. The host knows one of them; the others are in turn after it.
	begun []*Wait
	// over says that the function of the step has returned.
	over bool
	// lastWait is the number of the wait that is open, by which the host names it. None is used twice in an instance.
	lastWait uint32
	// answered is the number of the wait that the present call answers, 0 for other calls.
	answered uint32
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
	if len(steps) == 0 {
		die("panic: no step is registered: call reentry.Register in an init function, as main is not called")
	}
	if len(mistakes) > 0 {
		die("panic: " + strings.Join(mistakes, "; "))
	}
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
	facts = readFacts(call)
	input := call.text(96)
	for _, step := range steps {
		if step.id == facts.Step {
			running = true
			go step.begin(input)
			return next()
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
	if !running || count != 1 || resolved.u32(0) != lastWait {
		message := "the host resumed a wait that this instance has not: its memory was not put back"
		return ended(turn{err: &Failure{Message: message, Code: "unknown-wait"}})
	}
	facts = readFacts(call)
	answered = 0
	if resolved.u8(8) == 0 {
		answered = lastWait
	}
	woken <- readResolution(resolved + 8)
	return next()
}

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#describe
func described(uint32) { clear(live) }

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#start
func started(uint32) { clear(live) }

//go:wasmexport cabi_post_reentry:step/guest@0.1.0#resume
func resumed(uint32) { clear(live) }

// begin runs the step in its goroutine.
func (step *Step) begin(input string) {
	before := runtime.NumGoroutine()
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			dieOfPanic(value)
		}
		turns <- turn{err: &Failure{Message: "the step ended its goroutine with runtime.Goexit, and returned nothing", Code: "no-result"}}
	}()
	output, err := step.run(NewContext(guest{}), input)
	returned, over = true, true
	if err == nil {
		err = leftBehind(before)
	}
	turns <- turn{output: output, err: err}
}

// next runs the goroutines of the step until one of them has to wait for the host, or the step ends.
func next() uint32 {
	turn := <-turns
	if turn.wait != nil {
		// The step itself may be about to return, without waiting for the goroutine that asks here.
		for range 3 {
			runtime.Gosched()
		}
		if over {
			turn.err, turn.wait = unawaited(turn.wait), nil
		}
	}
	return ended(turn)
}

func unawaited(wait *Wait) error {
	message := fmt.Sprintf("%s: the step returned while a goroutine waited here for %s; wait for the goroutine first", wait.At, wait)
	return &Failure{Message: message, Code: "unawaited-wait"}
}

// leftBehind looks for goroutines that the step started and did not wait for. One that waits for the host is a mistake, as nobody is
// asked then; any other ends with the step, which is worth a line of the log.
func leftBehind(before int) error {
	if runtime.NumGoroutine() <= before {
		return nil
	}
	// One that was started just now gets as far as its wait.
	runtime.Gosched()
	if len(begun) > 0 {
		return unawaited(begun[0])
	}
	if left := runtime.NumGoroutine() - before; left > 0 {
		message := fmt.Sprintf("goroutines that the step started and did not wait for: %d; they end with it", left)
		guest{}.Log(Warn, message, "")
	}
	return nil
}

func (guest) Facts() Facts { return facts }

func (guest) Answered() uint32 { return answered }

// Wait hands a wait to the host and parks until it is over: perhaps for days, and in another process.
func (guest) Wait(wait *Wait) Resolution {
	begun = append(begun, wait)
	if over {
		// The step is at its end, and looks here for what it left behind.
		select {}
	}
	turns <- turn{wait: wait}
	resolution := <-woken
	// The waits of several goroutines are over in the order in which they were begun.
	begun = begun[1:]
	resolution.Wait = lastWait
	return resolution
}

func ended(turn turn) uint32 {
	// What was printed last may not end a line.
	os.Stdout.Sync()
	os.Stderr.Sync()

	result := allocate(64)
	var bailed *bailed
	switch {
	case turn.wait != nil:
		lastWait++
		answered = 0
		result.putU8(8, 2)
		result.putU32(12, uint32(turn.wait.put(lastWait)))
		result.putU32(16, 1)
	case turn.err == nil:
		result.putText(12, turn.output)
	case errors.As(turn.err, &bailed):
		result.putU8(8, 1)
		result.putText(12, bailed.result)
	default:
		asFailure(turn.err).put(result)
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

func readResolution(at place) Resolution {
	switch at.u8(0) {
	case 0, 3, 4: // Answered, received, completed.
		return Resolution{Data: at.text(8)}
	case 1:
		return Resolution{TimedOut: true}
	case 5:
		return Resolution{Failure: readFailure(at + 8)}
	default: // The instant has come, the checkpoint is durable.
		return Resolution{}
	}
}
