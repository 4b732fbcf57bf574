package reentry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A source is where JSON text comes from, and the code of the failure when it cannot be read.
type source struct{ what, code string }

// read reads JSON as encoding/json does, but for this: what is missing is an error, a number with a fraction of zero is an
// integer, numbers keep their digits where the type is an interface, and an error names the place.
func read(from source, text string, to any) error {
	if raw, ok := to.(*json.RawMessage); ok {
		*raw = json.RawMessage(text)
		return nil
	}
	err := readChecked(text, to)
	if err != nil {
		return &Failure{Message: from.what + " does not fit: " + err.Error(), Code: from.code}
	}
	return nil
}

func readChecked(text string, to any) error {
	var tree any
	if err := decode([]byte(text), &tree); err != nil {
		return err
	}
	check := fit{}
	tree, err := check.value(reflect.TypeOf(to).Elem(), tree, "")
	if err != nil {
		return err
	}
	source := []byte(text)
	if check.changed {
		if source, err = encode(tree); err != nil {
			return err
		}
	}
	return decode(source, to)
}

// decode reads JSON; where the type leaves it open, a number is a json.Number.
func decode(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(to)
}

// A fit looks whether a value has what a type needs, before encoding/json fills the type.
type fit struct {
	// changed says that a number is written anew: 2.0 as 2.
	changed bool
}

func misfit(place string, format string, values ...any) error {
	if place == "" {
		place = "/"
	}
	return fmt.Errorf("%s: %s", place, fmt.Sprintf(format, values...))
}

// shown is a value for a message, and never long.
func shown(value any) string {
	if value == nil {
		return "null"
	}
	text, err := encode(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return shortText(string(text))
}

func shortText(text string) string {
	const most = 40
	if chars := []rune(text); len(chars) > most {
		return string(chars[:most]) + "…"
	}
	return text
}

func (fit *fit) value(t reflect.Type, value any, place string) (any, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		if value == nil {
			return nil, nil
		}
		return fit.value(t.Elem(), value, place)
	case t == rawType || t.Kind() == reflect.Interface:
		return value, nil
	case t == numberType:
		if _, ok := value.(json.Number); !ok {
			return nil, misfit(place, "%s is not a number", shown(value))
		}
		return value, nil
	case has(t, unmarshaler) || has(t, textUnmarshaler):
		return value, fit.alone(t, value, place)
	}
	switch t.Kind() {
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return nil, misfit(place, "%s is neither true nor false", shown(value))
		}
	case reflect.String:
		if _, ok := value.(string); !ok {
			return nil, misfit(place, "%s is not a text", shown(value))
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fit.integer(t, value, place)
	case reflect.Float32, reflect.Float64:
		return value, fit.float(t, value, place)
	case reflect.Slice, reflect.Array:
		return fit.list(t, value, place)
	case reflect.Map:
		return fit.entries(t, value, place)
	case reflect.Struct:
		return fit.members(t, value, place)
	}
	return value, nil
}

// alone tries a type that reads itself, for the place in its error.
func (fit *fit) alone(t reflect.Type, value any, place string) error {
	text, err := encode(value)
	if err == nil {
		err = decode(text, reflect.New(t).Interface())
	}
	if err != nil {
		return misfit(place, "%s", err)
	}
	return nil
}

func (fit *fit) integer(t reflect.Type, value any, place string) (any, error) {
	number, ok := value.(json.Number)
	if !ok {
		return nil, misfit(place, "%s is not a whole number", shown(value))
	}
	digits, whole := integerOf(number.String())
	if !whole {
		return nil, misfit(place, "%s is not a whole number", number)
	}
	var err error
	if t.Kind() >= reflect.Uint {
		_, err = strconv.ParseUint(digits, 10, t.Bits())
	} else {
		_, err = strconv.ParseInt(digits, 10, t.Bits())
	}
	if err != nil {
		bounds := schemaBounds(t)
		return nil, misfit(place, "%s is beyond the bounds of %s, %s to %s", number, t, bounds[0], bounds[1])
	}
	if digits != number.String() {
		fit.changed = true
	}
	return json.Number(digits), nil
}

// schemaBounds are the least and the largest number of an integer type.
func schemaBounds(t reflect.Type) (bounds [2]string) {
	for k, one := range (&schemaBuilder{}).of(t, "")[1:] {
		_, bounds[k], _ = strings.Cut(one, ":")
	}
	return bounds
}

// integerOf writes a number of JSON without fraction and exponent, if it is whole. One of more digits than any integer type has
// is cut short, as it is out of bounds anyway.
func integerOf(number string) (digits string, whole bool) {
	sign := ""
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		sign, number = "-", rest
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(number), "e")
	before, after, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(before+after, "0")
	if all == "" {
		return "0", true
	}
	significant := strings.TrimRight(all, "0")
	exponent := 0
	if power != "" {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil {
			// The exponent has more digits than a machine's number.
			return sign + strings.Repeat("9", 40), !strings.HasPrefix(power, "-")
		}
	}
	zeros := exponent - len(after) + len(all) - len(significant)
	if zeros < 0 {
		return "", false
	}
	return sign + significant + strings.Repeat("0", min(zeros, 40)), true
}

// float refuses what a float cannot hold: what is too large, and a whole number that would become another one.
func (fit *fit) float(t reflect.Type, value any, place string) error {
	number, ok := value.(json.Number)
	if !ok {
		return misfit(place, "%s is not a number", shown(value))
	}
	text := number.String()
	held, err := strconv.ParseFloat(text, t.Bits())
	if err != nil {
		return misfit(place, "%s is too large for a %s", text, t)
	}
	if mantissa, _, _ := strings.Cut(strings.ToLower(text), "e"); held == 0 && strings.ContainsAny(mantissa, "123456789") {
		return misfit(place, "%s is too small for a %s", text, t)
	}
	if !strings.ContainsAny(text, ".eE") && text != "-0" && strconv.FormatFloat(held, 'f', -1, t.Bits()) != text {
		return misfit(place, "%s has more digits than a %s holds; a json.Number keeps them all", text, t)
	}
	return nil
}

func (fit *fit) list(t reflect.Type, value any, place string) (any, error) {
	if t.Kind() == reflect.Slice && value == nil {
		return nil, nil
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return value, fit.alone(t, value, place)
	}
	items, ok := value.([]any)
	if !ok {
		return nil, misfit(place, "%s is not a list", shown(value))
	}
	if t.Kind() == reflect.Array && len(items) != t.Len() {
		return nil, misfit(place, "a list of %d items, and not of %d", len(items), t.Len())
	}
	for k, item := range items {
		var err error
		if items[k], err = fit.value(t.Elem(), item, place+"/"+strconv.Itoa(k)); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (fit *fit) entries(t reflect.Type, value any, place string) (any, error) {
	if value == nil {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, misfit(place, "%s is not an object", shown(value))
	}
	for key, inner := range object {
		var err error
		if object[key], err = fit.value(t.Elem(), inner, place+"/"+pointerPart(key)); err != nil {
			return nil, err
		}
	}
	return object, nil
}

func (fit *fit) members(t reflect.Type, value any, place string) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, misfit(place, "%s is not an object", shown(value))
	}
	for _, field := range fieldsOf(t) {
		at := place + "/" + pointerPart(field.name)
		key, there := keyOf(object, field.name)
		switch {
		case !there && (field.optional || field.of.Kind() == reflect.Pointer):
		case !there:
			return nil, misfit(at, "is missing")
		case field.quoted:
		default:
			var err error
			if object[key], err = fit.value(field.of, object[key], at); err != nil {
				return nil, err
			}
		}
	}
	return object, nil
}

// keyOf finds the key of a field as encoding/json does: upper and lower case are alike.
func keyOf(object map[string]any, name string) (string, bool) {
	if _, there := object[name]; there {
		return name, true
	}
	for key := range object {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

// pointerPart is a key as a JSON pointer has it.
func pointerPart(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
