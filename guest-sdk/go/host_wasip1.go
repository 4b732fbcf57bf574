package reentry

import "unsafe"

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

// guest is the host as a component sees it: its functions are imports.
type guest struct{}

func (guest) Log(level Level, message, fields string) {
	line, length := lend(message)
	text, textLength := lend(fields)
	some := uint32(0)
	if fields != "" {
		some = 1
	}
	hostLog(uint32(level), line, length, some, text, textLength)
}

func (guest) State() string          { return answer(hostState) }
func (guest) RequestContext() string { return answer(hostRequestContext) }
func (guest) InitData() string       { return answer(hostInitData) }

func answer(host func(unsafe.Pointer)) string {
	answer := allocate(8)
	host(answer.pointer(0))
	return answer.text(0)
}

func (guest) SetState(key, value string) error { return set(hostSetState, key, value) }

func (guest) SetRequestContext(key, value string) error {
	return set(hostSetRequestContext, key, value)
}

func set(host func(*byte, uint32, *byte, uint32, unsafe.Pointer), key, value string) error {
	answer := allocate(64)
	name, length := lend(key)
	text, textLength := lend(value)
	host(name, length, text, textLength, answer.pointer(0))
	if answer.u8(0) != 0 {
		return readFailure(answer + 8)
	}
	return nil
}

func (guest) StepResult(path string) (string, bool) {
	answer := allocate(12)
	text, length := lend(path)
	hostStepResult(text, length, answer.pointer(0))
	if answer.u8(0) == 0 {
		return "", false
	}
	return answer.text(4), true
}

func (guest) Emit(chunk string) { hostEmit(lend(chunk)) }

func (guest) Cancelled() bool { return hostCancelled() != 0 }
