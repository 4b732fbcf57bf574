package reentry

import "time"

// Option says something of a wait.
type Option func(*wait)

// Labels are names by which the answer may be addressed.
func Labels(labels ...string) Option { return func(wait *wait) { wait.labels = labels } }

// Schema is the JSON Schema of the answer.
func Schema(schema string) Option { return func(wait *wait) { wait.schema = schema } }

// Until is the end of patience: the wait ends with [ErrTimedOut].
func Until(instant time.Time) Option {
	return func(wait *wait) { wait.deadline = uint64(instant.UnixMilli()) }
}

// Within is Until, counted from now.
func Within(duration time.Duration) Option { return Until(time.Now().Add(duration)) }

// OrAnswer makes this JSON the answer when the deadline passes.
func OrAnswer(json string) Option { return func(wait *wait) { wait.otherwise = json } }

type kind uint8

// The numbers are those of the contract.
const (
	forAnswer kind = iota
	forTime
	forEvent
	forRun
	forCheckpoint
)

type wait struct {
	kind kind
	// json is the payload or the input.
	json       string
	name, key  string
	instant    uint64
	ofWorkflow bool
	labels     []string
	schema     string
	deadline   uint64
	otherwise  string
}

func newWait(kind kind, options []Option) *wait {
	wait := &wait{kind: kind}
	for _, option := range options {
		option(wait)
	}
	return wait
}

func (wait *wait) put(id uint32) place {
	at := allocate(80)
	at.putU32(0, id)
	at.putU8(8, uint8(wait.kind))
	value := at + 16
	switch wait.kind {
	case forAnswer:
		value.putText(0, wait.json)
		labels := allocate(8 * uint32(len(wait.labels)))
		for k, label := range wait.labels {
			labels.putText(uint32(k)*8, label)
		}
		value.putU32(8, uint32(labels))
		value.putU32(12, uint32(len(wait.labels)))
		value.putMaybe(16, wait.schema)
		wait.putDeadline(value + 32)
	case forTime:
		value.putU64(0, wait.instant)
	case forEvent:
		value.putText(0, wait.name)
		value.putMaybe(8, wait.key)
		wait.putDeadline(value + 24)
	case forRun:
		if wait.ofWorkflow {
			value.putU8(0, 1)
		}
		value.putText(4, wait.name)
		value.putText(12, wait.json)
	}
	return at
}

func (wait *wait) putDeadline(at place) {
	if wait.deadline != 0 {
		at.putU8(0, 1)
		at.putU64(8, wait.deadline)
		at.putMaybe(16, wait.otherwise)
	}
}
