package reentry

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// dieOfPanic ends the call as the runtime would, but with one line that says what happened and where in the step.
func dieOfPanic(value any) {
	words := strings.ReplaceAll(fmt.Sprint(value), "\n", "; ")
	die("panic: " + words + placesIn(string(debug.Stack())))
}

// die ends the call. These words, in one line that begins as a panic does, are the guest's last.
func die(words string) {
	fmt.Fprintln(os.Stderr, words)
	os.Exit(2)
}

// placesIn picks the lines of the step out of a trace, the innermost first.
func placesIn(trace string) string {
	var places []string
	module := "main"
	if info, ok := debug.ReadBuildInfo(); ok {
		module = info.Main.Path
	}
	for line := range strings.Lines(trace) {
		if at, own := strings.CutPrefix(line, "\t"+module+"/"); own {
			at, _, _ = strings.Cut(strings.TrimSpace(at), " +0x")
			places = append(places, at)
		}
	}
	if len(places) == 0 {
		return ""
	}
	return ", at " + strings.Join(places[:min(len(places), 8)], ", at ")
}
