package tests

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"reentry"
	"reentry/reentrytest"
)

func TestAnAnswerIsRefused(t *testing.T) {
	host := reentrytest.New(t).Answer(3)
	ctx := host.Context()
	if err := ctx.Refuse("too early"); err.(*reentry.Failure).Code != "nothing-to-refuse" {
		t.Errorf("refused what was not there: %v", err)
	}
	if count, err := reentry.Suspend[int](ctx, "how many?"); count != 3 || err != nil {
		t.Fatal(count, err)
	}
	failure := ctx.Refuse("an even number, please").(*reentry.Failure)
	details, _ := json.Marshal(failure.Details)
	if failure.Code != "bad-answer" || failure.Retryable || string(details) != `{"wait":1}` {
		t.Errorf("%+v %s", failure, details)
	}
	ctx.Checkpoint()
	if err := ctx.Refuse("too late"); err.(*reentry.Failure).Code != "nothing-to-refuse" {
		t.Errorf("refused an answer of an earlier call: %v", err)
	}
}

func TestWaits(t *testing.T) {
	host := reentrytest.New(t).Answer("paid").TimeOut().Fail(&reentry.Failure{Message: "none left", Code: "empty"})
	ctx := host.Context()
	if event, err := reentry.Event[string](ctx, "order", "7"); event != "paid" || err != nil {
		t.Error(event, err)
	}
	if _, err := reentry.Suspend[int](ctx, "?", reentry.Within(time.Hour)); !errors.Is(err, reentry.ErrTimedOut) {
		t.Error(err)
	}
	if _, err := reentry.RunStep[int](ctx, "other", nil); err == nil || err.Error() != "none left" {
		t.Error(err)
	}
	began := host.Now
	ctx.SleepUntil(began.Add(time.Hour))
	if passed := ctx.Facts().Now.Sub(began); passed != time.Hour {
		t.Error(passed)
	}
	_, err := reentry.Suspend[bool](ctx, "?", reentry.Within(time.Hour), reentry.OrAnswer(`"no"`))
	if failure := err.(*reentry.Failure); failure.Code != "bad-default" ||
		failure.Message != `the answer at the deadline does not fit: /: "no" is neither true nor false` {
		t.Error(failure)
	}
	if count := len(host.Waits()); count != 4 {
		t.Errorf("%d waits: %v", count, host.Waits())
	}
	if at := host.Waits()[0].At; at != "context_test.go:36" {
		t.Errorf("the wait began at %s", at)
	}
}

func TestTheHostIsAsked(t *testing.T) {
	host := reentrytest.New(t).Know("tenant", "a").Keep("count", 1).Done("first", true)
	ctx := host.Context()
	var known struct {
		Tenant string `json:"tenant"`
	}
	var state map[string]int
	var first bool
	done, err := ctx.StepResult("first", &first)
	err = errors.Join(err, ctx.RequestContext(&known), ctx.SetState("more", 2), ctx.State(&state),
		ctx.Log(reentry.Warn, "careful", map[string]int{"n": 1}), ctx.Emit("half"))
	if err != nil || !done || !first || known.Tenant != "a" || state["count"] != 1 || state["more"] != 2 {
		t.Error(err, done, first, known, state)
	}
	if line := host.Lines()[0]; line != (reentrytest.Line{Level: reentry.Warn, Message: "careful", Fields: `{"n":1}`}) {
		t.Error(line)
	}
	if chunk := host.Chunks()[0]; chunk != `"half"` {
		t.Error(chunk)
	}
}
