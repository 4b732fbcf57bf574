package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"reentry"
	"reentry/reentrytest"
)

// answered is what a step makes of an answer, read into a type.
func answered[T any](t *testing.T, text string) string {
	host := reentrytest.New(t).Answer(json.RawMessage(text))
	value, err := reentry.Suspend[T](host.Context(), nil)
	var failure *reentry.Failure
	if errors.As(err, &failure) {
		details, _ := json.Marshal(failure.Details)
		return fmt.Sprintf("%s: %s %s", failure.Code, failure.Message, details)
	}
	return fmt.Sprintf("%+v", value)
}

func TestReading(t *testing.T) {
	type approval struct {
		Approved bool   `json:"approved"`
		Comment  string `json:"comment,omitempty"`
	}
	type deep struct {
		Items []struct {
			Count int32 `json:"count"`
		} `json:"items"`
		By map[string]*uint8 `json:"by"`
	}
	refused := func(place string) string { return "bad-answer: the answer does not fit: " + place + ` {"wait":1}` }
	cases := []struct{ found, expected string }{
		{answered[approval](t, `{"approved":true}`), "{Approved:true Comment:}"},
		{answered[approval](t, `{"approved":"yes"}`), refused(`/approved: "yes" is neither true nor false`)},
		{answered[approval](t, `{"comment":"x"}`), refused("/approved: is missing")},
		{answered[approval](t, `{"approved":null}`), refused("/approved: null is neither true nor false")},
		{answered[approval](t, `[]`), refused("/: [] is not an object")},
		{answered[int](t, `2.0`), "2"},
		{answered[int](t, `1.5e1`), "15"},
		{answered[int](t, `100e-2`), "1"},
		{answered[int](t, `-0.0`), "0"},
		{answered[int](t, `2.5`), refused("/: 2.5 is not a whole number")},
		{answered[int](t, `1e-1`), refused("/: 1e-1 is not a whole number")},
		{answered[int](t, `1e99999999999999999999`), refused("/: 1e99999999999999999999 is beyond the bounds of int, " +
			"-9223372036854775808 to 9223372036854775807")},
		{answered[int8](t, `128`), refused("/: 128 is beyond the bounds of int8, -128 to 127")},
		{answered[uint](t, `-1`), refused("/: -1 is beyond the bounds of uint, 0 to 18446744073709551615")},
		{answered[int64](t, `-9223372036854775808`), "-9223372036854775808"},
		{answered[uint64](t, `18446744073709551615`), "18446744073709551615"},
		{answered[uint64](t, `18446744073709551616`), refused("/: 18446744073709551616 is beyond the bounds of uint64, 0 to 18446744073709551615")},
		{answered[float64](t, `0.1`), "0.1"},
		{answered[float64](t, `1e400`), refused("/: 1e400 is too large for a float64")},
		{answered[float64](t, `1e-400`), refused("/: 1e-400 is too small for a float64")},
		{answered[float64](t, `9007199254740993`), refused("/: 9007199254740993 has more digits than a float64 holds; a json.Number keeps them all")},
		{answered[json.Number](t, `12345678901234567890123.450`), "12345678901234567890123.450"},
		{answered[any](t, `{"n":12345678901234567890123}`), "map[n:12345678901234567890123]"},
		{answered[deep](t, `{"items":[{"count":1},{"count":2.5}],"by":{}}`), refused("/items/1/count: 2.5 is not a whole number")},
		{answered[deep](t, `{"items":[],"by":{"a/b":256}}`), refused("/by/a~1b: 256 is beyond the bounds of uint8, 0 to 255")},
		{answered[[2]int](t, `[1]`), refused("/: a list of 1 items, and not of 2")},
		{answered[struct{ When time.Time }](t, `{"When":"soon"}`), refused(
			`/When: parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"`)},
		{answered[struct{ When time.Time }](t, `{"When":"2026-01-02T03:04:05Z"}`), "{When:2026-01-02 03:04:05 +0000 UTC}"},
	}
	for _, one := range cases {
		if one.found != one.expected {
			t.Errorf("\n   found %s\nexpected %s", one.found, one.expected)
		}
	}
}

func TestADoubleComesBackAsItWas(t *testing.T) {
	for _, number := range []float64{0.1, 5e-324, math.MaxFloat64, 1.0 / 3, 123456789.123456789, -0.30000000000000004, 1e23} {
		text, err := json.Marshal(number)
		if err != nil {
			t.Fatal(err)
		}
		if found := answered[float64](t, string(text)); found != fmt.Sprintf("%+v", number) {
			t.Errorf("%s became %s", text, found)
		}
	}
}

func TestWhatIsNoJSON(t *testing.T) {
	type rates struct {
		Rates []float64 `json:"rates"`
	}
	type circle struct {
		Next *circle `json:"next"`
	}
	round := &circle{}
	round.Next = round
	cases := []struct {
		value    any
		expected string
	}{
		{rates{[]float64{1, math.NaN()}}, "the chunk cannot be written as JSON: /rates/1: NaN is no number that JSON has"},
		{map[string]any{"do": func() {}}, "the chunk cannot be written as JSON: /do: a func() is nothing that JSON has"},
		{round, "the chunk cannot be written as JSON: /next: holds itself"},
	}
	for _, one := range cases {
		if err := reentrytest.New(t).Context().Emit(one.value); err == nil || err.Error() != one.expected {
			t.Errorf("\n   found %v\nexpected %s", err, one.expected)
		}
	}
}
