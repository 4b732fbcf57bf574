package reentry

import "time"

// Option says something of a wait.
type Option func(*Wait)

// Labels are names by which the answer may be addressed.
func Labels(labels ...string) Option { return func(wait *Wait) { wait.Labels = labels } }

// Schema is the JSON Schema of the answer. Defaults to what the type of the answer says.
func Schema(schema string) Option { return func(wait *Wait) { wait.Schema = schema } }

// Until is the end of patience: the wait ends with [ErrTimedOut].
func Until(instant time.Time) Option { return func(wait *Wait) { wait.Deadline = instant } }

// Within is Until, counted from now.
func Within(duration time.Duration) Option { return Until(time.Now().Add(duration)) }

// OrAnswer makes this JSON the answer when the deadline passes.
func OrAnswer(json string) Option { return func(wait *Wait) { wait.Default = json } }

// Kind is what a step waits for.
type Kind uint8

// The numbers are those of the contract.
const (
	ForAnswer Kind = iota
	ForTime
	ForEvent
	ForRun
	ForCheckpoint
)

// A Wait is what a step waits for, as its [Host] sees it.
type Wait struct {
	Kind Kind
	// JSON is the question, or the input of what is run.
	JSON string
	// Name is that of the event, of the step or of the workflow.
	Name string
	// Key tells events of one name apart; "" takes any.
	Key string
	// Instant is what a wait for a time waits for.
	Instant time.Time
	// OfWorkflow says that a workflow is run, and not a step.
	OfWorkflow bool
	Labels     []string
	// Schema is that of the answer; "" if the descriptor of the step has it.
	Schema string
	// Deadline is zero if there is none.
	Deadline time.Time
	// Default is the answer at the deadline, "" if there is none.
	Default string
	// At is the line of the step that began the wait.
	At string
}

func newWait(kind Kind, options []Option) *Wait {
	wait := &Wait{Kind: kind, At: callSite()}
	for _, option := range options {
		option(wait)
	}
	return wait
}

func (wait *Wait) String() string {
	switch wait.Kind {
	case ForAnswer:
		return "an answer to " + shortText(wait.JSON)
	case ForTime:
		return "the time " + wait.Instant.UTC().Format(time.RFC3339)
	case ForEvent:
		return "the event " + wait.Name
	case ForRun:
		return "the output of " + wait.Name
	default:
		return "a checkpoint"
	}
}
