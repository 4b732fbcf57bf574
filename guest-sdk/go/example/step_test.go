package main

import (
	"errors"
	"testing"

	"reentry"
	"reentry/reentrytest"
)

func TestBuysWhatIsApproved(t *testing.T) {
	host := reentrytest.New(t).Answer(answer{Approved: true})
	bought, err := buy(host.Context(), order{Item: "a lamp"})
	if err != nil || bought.Bought != "a lamp" {
		t.Fatal(bought, err)
	}
	var asked question
	if host.Asked(&asked); asked.Item != "a lamp" {
		t.Errorf("asked about %q", asked.Item)
	}
}

func TestBuysNothingElse(t *testing.T) {
	host := reentrytest.New(t).Answer(answer{Approved: false, Comment: "too dear"})
	_, err := buy(host.Context(), order{Item: "a lamp"})
	var failure *reentry.Failure
	if !errors.As(err, &failure) || failure.Code != "refused" {
		t.Fatal(err)
	}
}
