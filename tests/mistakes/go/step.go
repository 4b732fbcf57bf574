// Mistakes that people make in Go, each in a step of its name.
package main

import (
	"fmt"
	"log"
	"math"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"reentry"
)

type answer struct {
	Count int `json:"count"`
}

type nothing struct{}

func init() {
	reentry.Register("half", halves).InputSchema = `{"type": "object"}`
	reentry.Register("panic", panics)
	reentry.Register("panic-in-goroutine", panicsInGoroutine)
	reentry.Register("nil", dereferences)
	reentry.Register("stack-overflow", recurses)
	reentry.Register("out-of-memory", hoards)
	reentry.Register("endless", spins).Timeout = time.Second
	reentry.Register("exit", exits)
	reentry.Register("fatal", dies)
	reentry.Register("goexit", leaves)
	reentry.Register("print", prints)
	reentry.Register("network", dials)
	reentry.Register("file", reads)
	reentry.Register("environment", looks)
	reentry.Register("sleep", sleeps)
	reentry.Register("deadlock", locks)
	reentry.Register("left-behind", starts)
	reentry.Register("never-awaited", asks)
	reentry.Register("nan", divides)
	reentry.Register("function", returnsFunction)
	reentry.Register("cycle", circles)
	reentry.Register("by-hand", takesAnything)
	reentry.Register("bad-default", defaults)
	reentry.Register("picky", refuses)
}

func main() {}

func halves(_ *reentry.Context, whole answer) (any, error) { return whole.Count / 2, nil }

func panics(*reentry.Context, nothing) (any, error) {
	prices := []int{1, 2, 3}
	return price(prices, 5), nil
}

func price(prices []int, k int) int { return prices[k] }

func panicsInGoroutine(*reentry.Context, nothing) (any, error) {
	var group sync.WaitGroup
	group.Add(1)
	go func() {
		defer group.Done()
		panic("in a goroutine")
	}()
	group.Wait()
	return nil, nil
}

func dereferences(*reentry.Context, nothing) (any, error) {
	var missing *answer
	return missing.Count, nil
}

func recurses(*reentry.Context, nothing) (any, error) { return deeper(1), nil }

func deeper(n int) int { return deeper(n+1) + n }

func hoards(*reentry.Context, nothing) (any, error) {
	var hoard [][]byte
	for {
		hoard = append(hoard, make([]byte, 16<<20))
	}
}

func spins(*reentry.Context, nothing) (any, error) {
	for n := 0; ; n++ {
		if n < 0 {
			return n, nil
		}
	}
}

func exits(*reentry.Context, nothing) (any, error) {
	os.Exit(3)
	return nil, nil
}

func dies(*reentry.Context, nothing) (any, error) {
	log.SetFlags(log.Lshortfile)
	log.Fatal("no price list")
	return nil, nil
}

func leaves(*reentry.Context, nothing) (any, error) {
	runtime.Goexit()
	return nil, nil
}

func prints(*reentry.Context, nothing) (any, error) {
	fmt.Println("to standard output")
	log.SetFlags(0)
	log.Println("to standard error")
	return true, nil
}

func dials(*reentry.Context, nothing) (any, error) {
	// What http.Get comes to in the end.
	_, err := net.Dial("tcp", "example.com:443")
	return nil, err
}

func reads(*reentry.Context, nothing) (any, error) {
	text, err := os.ReadFile("prices.json")
	return string(text), err
}

func looks(*reentry.Context, nothing) (any, error) {
	return map[string]string{"home": os.Getenv("HOME")}, nil
}

func sleeps(*reentry.Context, nothing) (any, error) {
	time.Sleep(time.Minute)
	return nil, nil
}

func locks(*reentry.Context, nothing) (any, error) {
	channel := make(chan int)
	return <-channel, nil
}

func starts(*reentry.Context, nothing) (any, error) {
	go func() { select {} }()
	return true, nil
}

func asks(ctx *reentry.Context, _ nothing) (any, error) {
	go reentry.Suspend[answer](ctx, "how many?")
	return true, nil
}

func divides(*reentry.Context, nothing) (any, error) {
	return map[string]float64{"rate": math.NaN()}, nil
}

func returnsFunction(*reentry.Context, nothing) (any, error) {
	return map[string]any{"next": func() {}}, nil
}

func circles(*reentry.Context, nothing) (any, error) {
	type ring struct {
		Next *ring `json:"next"`
	}
	round := &ring{}
	round.Next = round
	return round, nil
}

// takesAnything has an answer whose schema lets everything through.
func takesAnything(ctx *reentry.Context, _ nothing) (any, error) {
	return reentry.Suspend[answer](ctx, "how many?", reentry.Schema("{}"))
}

func defaults(ctx *reentry.Context, _ nothing) (any, error) {
	return reentry.Suspend[answer](ctx, "how many?", reentry.Within(time.Hour), reentry.OrAnswer(`{"count": "none"}`))
}

func refuses(ctx *reentry.Context, _ nothing) (any, error) {
	got, err := reentry.Suspend[answer](ctx, "how many?")
	if err != nil {
		return nil, err
	}
	if got.Count%2 == 1 {
		return nil, ctx.Refuse("an even number, please")
	}
	return got, nil
}
