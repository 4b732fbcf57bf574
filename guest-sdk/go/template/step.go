package main

import "reentry"

type order struct {
	Item string `json:"item" reentry:"min=1,desc=what is to be bought"`
}

type question struct {
	Item string `json:"item"`
}

type answer struct {
	Approved bool   `json:"approved"`
	Comment  string `json:"comment,omitempty"`
}

type receipt struct {
	Bought string `json:"bought"`
}

func init() {
	reentry.Register("{{name}}", buy, reentry.Title("{{heading}}"), reentry.Asks[question, answer]())
}

func main() {}

func buy(ctx *reentry.Context, order order) (receipt, error) {
	answer, err := reentry.Suspend[answer](ctx, question{order.Item})
	if err != nil { // Days may have passed.
		return receipt{}, err
	}
	if !answer.Approved {
		return receipt{}, &reentry.Failure{Message: "the buyer said no", Code: "refused", Details: answer}
	}
	return receipt{Bought: order.Item}, nil
}
