package reentry

import (
	"path"
	"runtime"
	"strconv"
	"strings"
)

// callSite names the line of the step that called into this package.
func callSite() string {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "runtime.") {
			// A function of this package is what a goroutine began with.
			return "a go statement"
		}
		if !strings.HasPrefix(frame.Function, "reentry.") {
			return path.Base(frame.File) + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return "somewhere"
		}
	}
}
