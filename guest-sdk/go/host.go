package reentry

import "unsafe"

// Level says how much a line of the log matters.
type Level uint32

// The levels of the contract.
const (
	Trace Level = iota
	Debug
	Info
	Warn
	Error
)

//go:wasmimport reentry:step/host@0.1.0 log
//go:noescape
func hostLog(level uint32, message *byte, length uint32, some uint32, fields *byte, fieldsLength uint32)

//go:wasmimport reentry:step/host@0.1.0 request-context
func hostRequestContext(to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 set-request-context
func hostSetRequestContext(key *byte, length uint32, value *byte, valueLength uint32, to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 state
func hostState(to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 set-state
func hostSetState(key *byte, length uint32, value *byte, valueLength uint32, to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 step-result
func hostStepResult(path *byte, length uint32, to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 init-data
func hostInitData(to unsafe.Pointer)

//go:wasmimport reentry:step/host@0.1.0 emit
//go:noescape
func hostEmit(chunk *byte, length uint32)

//go:wasmimport reentry:step/host@0.1.0 cancelled
func hostCancelled() uint32

// Log adds a line to the run's log. fields are written as a JSON object; nil is none.
func (ctx *Context) Log(level Level, message string, fields any) error {
	object, some := "", uint32(0)
	if fields != nil {
		text, err := write(fields)
		if err != nil {
			return err
		}
		object, some = text, 1
	}
	line, length := lend(message)
	text, textLength := lend(object)
	hostLog(uint32(level), line, length, some, text, textLength)
	return nil
}

// State reads the workflow's shared state, with what this call has set so far.
func (ctx *Context) State(to any) error {
	answer := allocate(8)
	hostState(answer.pointer(0))
	return read("the state", answer.text(0), to)
}

// SetState sets one key of the workflow's shared state. It is kept when the call ends without failure.
func (ctx *Context) SetState(key string, value any) error { return set(hostSetState, key, value) }

// RequestContext reads what the caller of start or resume knows and the input does not say.
func (ctx *Context) RequestContext(to any) error {
	answer := allocate(8)
	hostRequestContext(answer.pointer(0))
	return read("the request context", answer.text(0), to)
}

// SetRequestContext sets one key of the request context, for later steps and resumes.
func (ctx *Context) SetRequestContext(key string, value any) error {
	return set(hostSetRequestContext, key, value)
}

func set(host func(*byte, uint32, *byte, uint32, unsafe.Pointer), key string, value any) error {
	json, err := write(value)
	if err != nil {
		return err
	}
	answer := allocate(64)
	name, length := lend(key)
	text, textLength := lend(json)
	host(name, length, text, textLength, answer.pointer(0))
	if answer.u8(0) != 0 {
		return readFailure(answer + 8)
	}
	return nil
}

// StepResult reads the output of a step of this run, by its path; false if that step is not done.
func (ctx *Context) StepResult(path string, to any) (bool, error) {
	answer := allocate(12)
	text, length := lend(path)
	hostStepResult(text, length, answer.pointer(0))
	if answer.u8(0) == 0 {
		return false, nil
	}
	return true, read("the step's result", answer.text(4), to)
}

// InitData reads the input of the workflow.
func (ctx *Context) InitData(to any) error {
	answer := allocate(8)
	hostInitData(answer.pointer(0))
	return read("the input of the workflow", answer.text(0), to)
}

// Emit sends a chunk to whoever watches the run. It is not stored.
func (ctx *Context) Emit(chunk any) error {
	text, err := write(chunk)
	if err != nil {
		return err
	}
	hostEmit(lend(text))
	return nil
}

// Cancelled says whether somebody asked for the run to be cancelled.
func (ctx *Context) Cancelled() bool { return hostCancelled() != 0 }
