package reentry

import (
	"reflect"
	"slices"
	"strings"
)

// A field is a member of a struct as encoding/json sees it.
type field struct {
	name string
	of   reflect.Type
	// optional members may be missing.
	optional bool
	// quoted members are numbers in a text.
	quoted bool
	// tag is what the step's author says beside.
	tag string

	depth  int
	tagged bool
}

// fieldsOf lists the members of a struct, with those of the structs embedded in it. Of several with one name the outermost
// counts; of several in one depth the one whose tag has the name, or none.
func fieldsOf(t reflect.Type) []field {
	var all []field
	collect(t, 0, false, &all, map[reflect.Type]bool{})
	return slices.DeleteFunc(slices.Clone(all), func(one field) bool {
		count := 0
		for _, other := range all {
			if other.name != one.name {
				continue
			}
			count++
			if other.depth < one.depth || other.depth == one.depth && other.tagged && !one.tagged {
				return true
			}
			if other.depth > one.depth || one.tagged && !other.tagged {
				count--
			}
		}
		return count > 1
	})
}

func collect(t reflect.Type, depth int, optional bool, to *[]field, open map[reflect.Type]bool) {
	if open[t] {
		return
	}
	open[t] = true
	defer delete(open, t)
	for k := range t.NumField() {
		one := t.Field(k)
		tag := one.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		embedded := one.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		if one.Anonymous && name == "" && embedded.Kind() == reflect.Struct && embedded != timeType {
			collect(embedded, depth+1, optional || embedded != one.Type, to, open)
			continue
		}
		if !one.IsExported() {
			continue
		}
		said := strings.Split(options, ",")
		added := field{name: jsonName(one), of: one.Type, depth: depth, tagged: name != "", tag: one.Tag.Get("reentry")}
		added.quoted = slices.Contains(said, "string")
		added.optional = optional || slices.Contains(said, "omitempty") || slices.Contains(said, "omitzero")
		*to = append(*to, added)
	}
}

func jsonName(of reflect.StructField) string {
	if name, _, _ := strings.Cut(of.Tag.Get("json"), ","); name != "" {
		return name
	}
	return of.Name
}
