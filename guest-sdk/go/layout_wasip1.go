package reentry

import (
	"encoding/json"
	"time"
)

// What crosses the border, field by field, by the offsets of the contract.

func (step *Step) putDescriptor(at place) {
	at.putText(0, step.id)
	texts := []string{step.Title, step.Description, step.InputSchema, step.OutputSchema, step.SuspendSchema,
		step.ResumeSchema, step.StateSchema, step.RequestContextSchema}
	for k, text := range texts {
		at.putMaybe(8+12*uint32(k), text)
	}
	if retry := step.Retry; retry != nil {
		at.putU8(104, 1)
		at.putU32(112, retry.Retries)
		at.putU64(120, uint64(retry.Delay.Milliseconds()))
		at.putF64(128, max(retry.Backoff, 1))
		at.putU64(136, uint64(retry.MaxDelay.Milliseconds()))
		at.putF64(144, retry.Jitter)
	}
	at.putTime(152, uint64(step.Timeout.Milliseconds()))
}

func (wait *Wait) put(id uint32) place {
	at := allocate(80)
	at.putU32(0, id)
	at.putU8(8, uint8(wait.Kind))
	value := at + 16
	switch wait.Kind {
	case ForAnswer:
		value.putText(0, wait.JSON)
		labels := allocate(8 * uint32(len(wait.Labels)))
		for k, label := range wait.Labels {
			labels.putText(uint32(k)*8, label)
		}
		value.putU32(8, uint32(labels))
		value.putU32(12, uint32(len(wait.Labels)))
		value.putMaybe(16, wait.Schema)
		wait.putDeadline(value + 32)
	case ForTime:
		value.putU64(0, milliseconds(wait.Instant))
	case ForEvent:
		value.putText(0, wait.Name)
		value.putMaybe(8, wait.Key)
		wait.putDeadline(value + 24)
	case ForRun:
		if wait.OfWorkflow {
			value.putU8(0, 1)
		}
		value.putText(4, wait.Name)
		value.putText(12, wait.JSON)
	}
	return at
}

func (wait *Wait) putDeadline(at place) {
	if !wait.Deadline.IsZero() {
		at.putU8(0, 1)
		at.putU64(8, milliseconds(wait.Deadline))
		at.putMaybe(16, wait.Default)
	}
}

// milliseconds since 1970, before which there is no instant.
func milliseconds(instant time.Time) uint64 { return uint64(max(instant.UnixMilli(), 0)) }

func (failure *Failure) put(result place) {
	result.putU8(0, 1)
	result.putText(8, failure.Message)
	result.putMaybe(16, failure.Code)
	if failure.Retryable {
		result.putU8(28, 1)
	}
	result.putTime(32, uint64(max(failure.RetryAfter, 0).Milliseconds()))
	if failure.Details != nil {
		if details, err := write("the details", failure.Details); err == nil {
			result.putMaybe(48, details)
		}
	}
}

func readFailure(at place) *Failure {
	failure := &Failure{Message: at.text(0), Code: at.maybe(8), Retryable: at.u8(20) != 0}
	if at.u8(24) != 0 {
		failure.RetryAfter = time.Duration(at.u64(32)) * time.Millisecond
	}
	if details := at.maybe(40); details != "" {
		failure.Details = json.RawMessage(details)
	}
	return failure
}
