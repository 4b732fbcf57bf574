package reentry

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SchemaOf derives the JSON Schema of a type as it is read: that of an answer for instance, for [Schema] or for a test. Returns ""
// for a type that takes any value.
//
// What encoding/json makes of the type counts. A field may say more in a tag: `reentry:"min=1,max=10,enum=a|b,pattern=^x,format=email,desc=..."`,
// where desc takes all that follows. min and max bound a number, the length of a text, or the count of a list. A type with a method
// JSONSchema() string says all by itself.
func SchemaOf[T any]() (string, error) { return deriveSchema(reflect.TypeFor[T](), wasRead) }

// A use is what a schema is for: encoding/json writes null for slices and maps that are nil, but nobody has to answer so.
type use bool

const (
	wasRead use = false
	written use = true
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	numberType      = reflect.TypeFor[json.Number]()
	rawType         = reflect.TypeFor[json.RawMessage]()
	schemer         = reflect.TypeFor[interface{ JSONSchema() string }]()
	marshaler       = reflect.TypeFor[json.Marshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// has says whether a type, or a pointer to it, has these methods.
func has(t, methods reflect.Type) bool {
	return t.Implements(methods) || reflect.PointerTo(t).Implements(methods)
}

func deriveSchema(t reflect.Type, use use) (string, error) {
	builder := &schemaBuilder{use: use, names: map[reflect.Type]string{}, open: map[reflect.Type]bool{}}
	of := builder.of(t, "")
	if builder.err != nil {
		return "", builder.err
	}
	if len(builder.definitions) > 0 {
		slices.Sort(builder.definitions)
		of = append(of, member("$defs", "{"+strings.Join(builder.definitions, ",")+"}"))
	}
	if len(of) == 0 {
		return "", nil
	}
	return of.text(), nil
}

// A schema is its members, as JSON text, in order. Without any it takes everything.
type schema []string

func member(key, value string) string { return quote(key) + ":" + value }

func quote(text string) string {
	quoted, _ := json.Marshal(text) // Text can always be written.
	return string(quoted)
}

func (of schema) text() string { return "{" + strings.Join(of, ",") + "}" }

// orNull is the same schema for a value that may be null.
func (of schema) orNull() schema {
	if len(of) == 0 {
		return of
	}
	if kind, found := strings.CutPrefix(of[0], `"type":"`); found {
		changed := slices.Clone(of)
		changed[0] = `"type":["` + kind + `,"null"]`
		for k, one := range changed {
			if strings.HasPrefix(one, `"enum":[`) {
				changed[k] = strings.TrimSuffix(one, "]") + ",null]"
			}
		}
		return changed
	}
	return schema{member("anyOf", "["+of.text()+`,{"type":"null"}]`)}
}

// notNull undoes orNull where that is a matter of the type alone.
func (of schema) notNull() schema {
	kind, found := strings.CutPrefix(of[0], `"type":[`)
	if kind, null := strings.CutSuffix(kind, `,"null"]`); found && null {
		return append(schema{member("type", kind)}, of[1:]...)
	}
	return of
}

type schemaBuilder struct {
	use use
	// open are the structs that are being looked at. One that is met again within itself gets a name and a definition.
	open        map[reflect.Type]bool
	names       map[reflect.Type]string
	definitions []string
	err         error
}

func (builder *schemaBuilder) fail(place, format string, values ...any) schema {
	if builder.err == nil {
		if place == "" {
			place = "the type"
		}
		builder.err = fmt.Errorf(place+": "+format, values...)
	}
	return nil
}

func (builder *schemaBuilder) of(t reflect.Type, place string) schema {
	kind := func(name string) schema { return schema{member("type", quote(name))} }
	switch {
	case has(t, schemer):
		text := reflect.New(t).Interface().(interface{ JSONSchema() string }).JSONSchema()
		if !json.Valid([]byte(text)) || !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return builder.fail(place, "the method JSONSchema of %s returns %q, which is no JSON object", t, text)
		}
		inner := strings.TrimSpace(text)
		if inner = strings.TrimSpace(inner[1 : len(inner)-1]); inner == "" {
			return nil
		}
		return schema{inner}
	case t == timeType:
		return append(kind("string"), member("format", quote("date-time")))
	case t == numberType:
		return kind("number")
	case t == rawType:
		return nil
	case t.Kind() == reflect.Pointer:
		return builder.of(t.Elem(), place).orNull()
	case has(t, marshaler) || has(t, unmarshaler):
		return nil
	case has(t, textMarshaler) || has(t, textUnmarshaler):
		return kind("string")
	}
	switch t.Kind() {
	case reflect.Bool:
		return kind("boolean")
	case reflect.String:
		return kind("string")
	case reflect.Float32, reflect.Float64:
		return kind("number")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		high := int64(math.MaxInt64) >> (64 - t.Bits())
		return append(kind("integer"), member("minimum", fmt.Sprint(-high-1)), member("maximum", fmt.Sprint(high)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		high := uint64(math.MaxUint64) >> (64 - t.Bits())
		return append(kind("integer"), member("minimum", "0"), member("maximum", fmt.Sprint(high)))
	case reflect.Interface:
		return nil
	case reflect.Slice, reflect.Array:
		return builder.list(t, place)
	case reflect.Map:
		values := builder.of(t.Elem(), place+"/*")
		return builder.nilIsNull(append(kind("object"), member("additionalProperties", values.text())))
	case reflect.Struct:
		return builder.structure(t, place)
	default:
		return builder.fail(place, "a %s is nothing that JSON has", t)
	}
}

func (builder *schemaBuilder) nilIsNull(of schema) schema {
	if builder.use == written {
		return of.orNull()
	}
	return of
}

func (builder *schemaBuilder) list(t reflect.Type, place string) schema {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		bytes := schema{member("type", quote("string")), member("contentEncoding", quote("base64"))}
		return builder.nilIsNull(bytes)
	}
	of := schema{member("type", quote("array")), member("items", builder.of(t.Elem(), place+"/*").text())}
	if t.Kind() == reflect.Array {
		count := fmt.Sprint(t.Len())
		return append(of, member("minItems", count), member("maxItems", count))
	}
	return builder.nilIsNull(of)
}

func (builder *schemaBuilder) structure(t reflect.Type, place string) schema {
	if builder.open[t] {
		if builder.names[t] == "" {
			builder.names[t] = fmt.Sprintf("%s%d", t.Name(), len(builder.names)+1)
		}
		return schema{member("$ref", quote("#/$defs/"+builder.names[t]))}
	}
	builder.open[t] = true
	defer delete(builder.open, t)

	var properties, required []string
	for _, field := range fieldsOf(t) {
		at := place + "/" + field.name
		of := builder.of(field.of, at)
		if field.quoted {
			of = schema{member("type", quote("string"))}
		}
		// What is nil is left out, and so is never null.
		if field.optional && builder.use == written && len(of) > 0 {
			of = of.notNull()
		}
		of, err := refined(of, field)
		if err != nil {
			return builder.fail(at, "%s", err)
		}
		properties = append(properties, member(field.name, of.text()))
		if !field.optional && (builder.use == written || field.of.Kind() != reflect.Pointer) {
			required = append(required, quote(field.name))
		}
	}
	of := schema{member("type", quote("object")), member("properties", "{"+strings.Join(properties, ",")+"}")}
	if len(required) > 0 {
		of = append(of, member("required", "["+strings.Join(required, ",")+"]"))
	}
	if name := builder.names[t]; name != "" {
		builder.definitions = append(builder.definitions, member(name, of.text()))
		return schema{member("$ref", quote("#/$defs/"+name))}
	}
	return of
}

// refined adds what the tag of a field says.
func refined(of schema, field field) (schema, error) {
	t := field.of
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for rest := field.tag; rest != ""; {
		var rule string
		if strings.HasPrefix(rest, "desc=") {
			rule, rest = rest, ""
		} else {
			rule, rest, _ = strings.Cut(rest, ",")
		}
		key, value, _ := strings.Cut(rule, "=")
		keyword, text := "", quote(value)
		switch key {
		case "desc":
			keyword = "description"
		case "pattern", "format":
			keyword = key
		case "min", "max":
			keyword, text = bound(key, t), value
			if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
				return nil, fmt.Errorf("its tag says %q, which is no number", rule)
			}
		case "enum":
			keyword = "enum"
			values := strings.Split(value, "|")
			for k, one := range values {
				if t.Kind() == reflect.String {
					values[k] = quote(one)
				} else if !json.Valid([]byte(one)) {
					return nil, fmt.Errorf("its tag says %q, and %q is no value of %s", rule, one, t)
				}
			}
			if slices.Contains(of, `"type":["string","null"]`) {
				values = append(values, "null")
			}
			text = "[" + strings.Join(values, ",") + "]"
		}
		if keyword == "" {
			return nil, fmt.Errorf("its tag says %q; there are min, max, enum, pattern, format and desc", rule)
		}
		of = slices.DeleteFunc(slices.Clone(of), func(old string) bool { return strings.HasPrefix(old, quote(keyword)+":") })
		of = append(of, member(keyword, text))
	}
	return of, nil
}

// bound is the keyword for the bound of a number, the length of a text, or the count of a list or map.
func bound(key string, t reflect.Type) string {
	switch {
	case t == numberType:
		return key + "imum"
	case t.Kind() == reflect.String:
		return key + "Length"
	case t.Kind() == reflect.Slice:
		return key + "Items"
	case t.Kind() == reflect.Map:
		return key + "Properties"
	}
	return key + "imum"
}
