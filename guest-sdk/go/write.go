package reentry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// write writes a value as JSON. The error names the place of what cannot be written.
func write(what string, value any) (string, error) {
	if raw, ok := value.(json.RawMessage); ok && len(raw) > 0 {
		return string(raw), nil
	}
	text, err := encode(value)
	if err != nil {
		message := what + " cannot be written as JSON: "
		if found := unwritable(reflect.ValueOf(value), "", nil); found != "" {
			message += found
		} else {
			message += err.Error()
		}
		return "", &Failure{Message: message, Code: "not-json"}
	}
	return string(text), nil
}

func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(text.Bytes(), "\n"), err
}

// unwritable names the first value that JSON has not, and its place; "" if there is none.
func unwritable(value reflect.Value, place string, within []uintptr) string {
	say := func(format string, values ...any) string { return misfit(place, format, values...).Error() }
	switch value.Kind() {
	case reflect.Float32, reflect.Float64:
		if number := value.Float(); math.IsNaN(number) || math.IsInf(number, 0) {
			return say("%v is no number that JSON has", number)
		}
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return say("a %s is nothing that JSON has", value.Type())
	case reflect.Interface:
		return unwritable(value.Elem(), place, within)
	case reflect.Pointer, reflect.Map, reflect.Slice:
		for _, outer := range within {
			if outer == value.Pointer() {
				return say("holds itself")
			}
		}
		if value.Pointer() != 0 {
			within = append(within, value.Pointer())
		}
	}
	switch value.Kind() {
	case reflect.Pointer:
		return unwritable(value.Elem(), place, within)
	case reflect.Slice, reflect.Array:
		for k := range value.Len() {
			if found := unwritable(value.Index(k), place+"/"+strconv.Itoa(k), within); found != "" {
				return found
			}
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			if found := unwritable(value.MapIndex(key), place+"/"+pointerPart(fmt.Sprint(key)), within); found != "" {
				return found
			}
		}
	case reflect.Struct:
		for k := range value.NumField() {
			field := value.Type().Field(k)
			if !field.IsExported() && !field.Anonymous || field.Tag.Get("json") == "-" {
				continue
			}
			at := place
			if !field.Anonymous {
				at += "/" + pointerPart(jsonName(field))
			}
			if found := unwritable(value.Field(k), at, within); found != "" {
				return found
			}
		}
	}
	return ""
}
