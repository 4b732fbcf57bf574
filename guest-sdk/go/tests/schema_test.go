// Package tests has the tests of the SDK on the developer's own machine.
package tests

import (
	"encoding/json"
	"testing"
	"time"

	"reentry"
)

type nested struct {
	Name string `json:"name"`
	Kept string `json:"kept,omitempty"`
}

type node struct {
	Value int8    `json:"value"`
	Next  *node   `json:"next"`
	More  []*node `json:"more,omitempty"`
}

type everything struct {
	nested
	Name   string            `json:"name" reentry:"min=1,max=80,desc=as it is called, by people"`
	Count  uint8             `json:"count" reentry:"max=9"`
	Large  int64             `json:"large"`
	Rate   float64           `json:"rate"`
	Size   string            `json:"size" reentry:"enum=s|m|l"`
	Maybe  *bool             `json:"maybe"`
	When   time.Time         `json:"when"`
	Exact  json.Number       `json:"exact"`
	Open   any               `json:"open"`
	Raw    json.RawMessage   `json:"raw"`
	List   []string          `json:"list" reentry:"max=3"`
	Pair   [2]int16          `json:"pair"`
	ByName map[string]uint16 `json:"byName"`
	Bytes  []byte            `json:"bytes"`
	Quoted int               `json:"quoted,string"`
	Left   string            `json:"-"`
	hidden string
	NoTag  bool
}

type odd struct {
	Count int `json:"count" reentry:"mni=1"`
}

type shapeless struct {
	Do func() `json:"do"`
}

func TestSchemas(t *testing.T) {
	check := func(found string, err error, expected string) {
		t.Helper()
		if err != nil {
			found = "error: " + err.Error()
		} else if found != "" && !json.Valid([]byte(found)) {
			t.Errorf("no JSON: %s", found)
		}
		if found != expected {
			t.Errorf("\n   found %s\nexpected %s", found, expected)
		}
	}
	text, err := reentry.SchemaOf[everything]()
	check(text, err, `{"type":"object","properties":{"kept":{"type":"string"},`+
		`"name":{"type":"string","minLength":1,"maxLength":80,"description":"as it is called, by people"},`+
		`"count":{"type":"integer","minimum":0,"maximum":9},`+
		`"large":{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807},`+
		`"rate":{"type":"number"},"size":{"type":"string","enum":["s","m","l"]},"maybe":{"type":["boolean","null"]},`+
		`"when":{"type":"string","format":"date-time"},"exact":{"type":"number"},"open":{},"raw":{},`+
		`"list":{"type":"array","items":{"type":"string"},"maxItems":3},`+
		`"pair":{"type":"array","items":{"type":"integer","minimum":-32768,"maximum":32767},"minItems":2,"maxItems":2},`+
		`"byName":{"type":"object","additionalProperties":{"type":"integer","minimum":0,"maximum":65535}},`+
		`"bytes":{"type":"string","contentEncoding":"base64"},"quoted":{"type":"string"},"NoTag":{"type":"boolean"}},`+
		`"required":["name","count","large","rate","size","when","exact","open","raw","list","pair","byName","bytes","quoted","NoTag"]}`)
	text, err = reentry.SchemaOf[node]()
	check(text, err, `{"$ref":"#/$defs/node1","$defs":{"node1":{"type":"object","properties":{`+
		`"value":{"type":"integer","minimum":-128,"maximum":127},"next":{"anyOf":[{"$ref":"#/$defs/node1"},{"type":"null"}]},`+
		`"more":{"type":"array","items":{"anyOf":[{"$ref":"#/$defs/node1"},{"type":"null"}]}}},"required":["value"]}}}`)
	text, err = reentry.SchemaOf[uint64]()
	check(text, err, `{"type":"integer","minimum":0,"maximum":18446744073709551615}`)
	text, err = reentry.SchemaOf[any]()
	check(text, err, "")
	text, err = reentry.SchemaOf[odd]()
	check(text, err, `error: /count: its tag says "mni=1"; there are min, max, enum, pattern, format and desc`)
	text, err = reentry.SchemaOf[shapeless]()
	check(text, err, `error: /do: a func() is nothing that JSON has`)
}
