// The conformance step in Go: what every language must do alike.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"reentry"
)

func init() {
	step := reentry.Register("conformance", conformance)
	step.Title = "Conformance"
	step.Retry = &reentry.Retry{Retries: 3}
}

func main() {}

type object = map[string]any

type answer struct {
	Text string `json:"text"`
}

func conformance(ctx *reentry.Context, input json.RawMessage) (any, error) {
	var asked struct{ Do, Text, Key string }
	if err := json.Unmarshal(input, &asked); err != nil {
		return nil, err
	}
	switch asked.Do {
	case "echo":
		return input, nil
	case "keep":
		return keep(ctx)
	case "state":
		return state(ctx)
	case "context":
		return context(ctx)
	case "labels":
		return reentry.Suspend[json.RawMessage](ctx, object{"question": "who?"}, reentry.Labels("manager", "finance"))
	case "bail":
		return nil, reentry.Bail(object{"bailed": true})
	case "fail":
		return nil, &reentry.Failure{Message: "no luck", Code: "no-luck", Details: object{"tried": "everything"}}
	case "retry":
		if ctx.Facts().Attempt < 2 {
			return nil, reentry.Retryable("not yet")
		}
		return object{"attempt": ctx.Facts().Attempt}, nil
	case "megabyte":
		answer, err := reentry.Suspend[answer](ctx, object{"text": strings.Repeat("x", 1048576)})
		return object{"length": len(answer.Text)}, err
	case "unicode":
		answer, err := reentry.Suspend[answer](ctx, object{"text": asked.Text})
		return object{"text": answer.Text, "same": answer.Text == asked.Text}, err
	case "print":
		fmt.Println("printed by the step")
		if err := ctx.Log(reentry.Warn, "logged by the step", object{"n": 1}); err != nil {
			return nil, err
		}
		_, err := reentry.Suspend[any](ctx, object{})
		fmt.Println("printed after")
		return nil, err
	case "clock":
		if _, err := reentry.Suspend[any](ctx, clock()); err != nil {
			return nil, err
		}
		return clock(), nil
	case "sleep":
		ctx.Sleep(time.Millisecond)
		return object{"slept": true}, nil
	case "event":
		return reentry.Event[json.RawMessage](ctx, "paid", asked.Key)
	}
	return nil, fmt.Errorf("there is no case %s", asked.Do)
}

func keep(ctx *reentry.Context) (any, error) {
	var texts []string
	for asked := 1; asked <= 3; asked++ {
		answer, err := reentry.Suspend[answer](ctx, object{"asked": asked})
		if err != nil {
			return nil, err
		}
		texts = append(texts, answer.Text)
	}
	return object{"texts": texts, "count": len(texts)}, nil
}

func state(ctx *reentry.Context) (any, error) {
	first, err := count(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := reentry.Suspend[any](ctx, object{"counter": first}); err != nil {
		return nil, err
	}
	second, err := count(ctx)
	return object{"counter": second}, err
}

func count(ctx *reentry.Context) (int, error) {
	var state struct {
		Counter int `json:"counter,omitempty"`
	}
	if err := ctx.State(&state); err != nil {
		return 0, err
	}
	return state.Counter + 1, ctx.SetState("counter", state.Counter+1)
}

func context(ctx *reentry.Context) (any, error) {
	var known struct {
		TenantName string          `json:"tenantName,omitempty"`
		Approver   json.RawMessage `json:"approver,omitempty"`
	}
	if err := ctx.RequestContext(&known); err != nil {
		return nil, err
	}
	tenant := known.TenantName
	if err := ctx.SetRequestContext("seen", true); err != nil {
		return nil, err
	}
	if _, err := reentry.Suspend[any](ctx, object{}); err != nil {
		return nil, err
	}
	err := ctx.RequestContext(&known)
	return object{"tenantName": tenant, "approver": known.Approver}, err
}

func clock() object {
	drawn := make([]byte, 8)
	rand.Read(drawn)
	// A slice of bytes would be written as base64.
	numbers := make([]int, len(drawn))
	for k, number := range drawn {
		numbers[k] = int(number)
	}
	return object{"now": time.Now().UnixMilli(), "random": numbers}
}
