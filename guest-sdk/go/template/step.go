package main

import "reentry"

type order struct {
	Item string `json:"item"`
}

type question struct {
	Item string `json:"item"`
}

type answer struct {
	Approved bool `json:"approved"`
}

func init() {
	reentry.Register("{{name}}", buy).Title = "Buy something"
}

func main() {}

func buy(ctx *reentry.Context, order order) (map[string]string, error) {
	answer, err := reentry.Suspend[answer](ctx, question{order.Item}, reentry.Labels("buyer"))
	if err != nil { // Days may have passed.
		return nil, err
	}
	if !answer.Approved {
		return nil, &reentry.Failure{Message: "the buyer said no", Code: "refused"}
	}
	return map[string]string{"bought": order.Item}, nil
}
