package reentry

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

// A Host answers a [Context]. In a component that is the host of the run, and in a unit test one of package reentrytest. Values are
// JSON text.
type Host interface {
	// Facts are those of the present call.
	Facts() Facts
	// Wait returns when the wait is over.
	Wait(wait *Wait) Resolution
	// Answered is the number of the wait whose answer the step got last; 0 if there was none.
	Answered() uint32
	// Log adds a line; fields are an object, or "" for none.
	Log(level Level, message, fields string)
	State() string
	SetState(key, value string) error
	RequestContext() string
	SetRequestContext(key, value string) error
	// StepResult is false for a step that is not done.
	StepResult(path string) (string, bool)
	InitData() string
	Emit(chunk string)
	Cancelled() bool
}

// A Resolution is how a wait ended: by data, by a failure of what was run, or by a deadline.
type Resolution struct {
	// Data is JSON text.
	Data string
	// Wait is the number of the wait.
	Wait     uint32
	Failure  *Failure
	TimedOut bool
}

// NewContext makes a context that asks this host. Steps get theirs; package reentrytest makes one for unit tests.
func NewContext(host Host) *Context { return &Context{host} }

// Log adds a line to the run's log. fields are written as a JSON object; nil is none.
func (ctx *Context) Log(level Level, message string, fields any) error {
	object := ""
	if fields != nil {
		text, err := write("the fields of a line of the log", fields)
		if err != nil {
			return err
		}
		object = text
	}
	ctx.host.Log(level, message, object)
	return nil
}

// State reads the workflow's shared state, with what this call has set so far.
func (ctx *Context) State(to any) error {
	return read(source{"the state", "bad-state"}, ctx.host.State(), to)
}

// SetState sets one key of the workflow's shared state. It is kept when the call ends without failure.
func (ctx *Context) SetState(key string, value any) error {
	text, err := write("the state "+key, value)
	if err != nil {
		return err
	}
	return ctx.host.SetState(key, text)
}

// RequestContext reads what the caller of start or resume knows and the input does not say.
func (ctx *Context) RequestContext(to any) error {
	return read(source{"the request context", "bad-context"}, ctx.host.RequestContext(), to)
}

// SetRequestContext sets one key of the request context, for later steps and resumes.
func (ctx *Context) SetRequestContext(key string, value any) error {
	text, err := write("the request context "+key, value)
	if err != nil {
		return err
	}
	return ctx.host.SetRequestContext(key, text)
}

// StepResult reads the output of a step of this run, by its path; false if that step is not done.
func (ctx *Context) StepResult(path string, to any) (bool, error) {
	text, done := ctx.host.StepResult(path)
	if !done {
		return false, nil
	}
	return true, read(source{"the result of " + path, "bad-result"}, text, to)
}

// InitData reads the input of the workflow.
func (ctx *Context) InitData(to any) error {
	return read(source{"the input of the workflow", "bad-input"}, ctx.host.InitData(), to)
}

// Emit sends a chunk to whoever watches the run. It is not stored.
func (ctx *Context) Emit(chunk any) error {
	text, err := write("the chunk", chunk)
	if err != nil {
		return err
	}
	ctx.host.Emit(text)
	return nil
}

// Cancelled says whether somebody asked for the run to be cancelled.
func (ctx *Context) Cancelled() bool { return ctx.host.Cancelled() }
