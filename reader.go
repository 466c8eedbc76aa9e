package clerksessions

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// reader reads JSON for the generated code. What it has returned is valid only if failed
// is still false at the end. The generated code calls once to detect duplicate names.
type reader struct {
	json    *jsontext.Decoder
	size    int             // of the response
	strings strings.Builder // the memory of the strings read
	failed  bool
}

// delimiter reads the opening or closing delimiter of an object or a list.
func (r *reader) delimiter(kind jsontext.Kind) {
	token, err := r.json.ReadToken()
	r.failed = r.failed || err != nil || token.Kind() != kind
}

// more reports whether a name or an item follows. If not, it reads the closing delimiter.
func (r *reader) more(end jsontext.Kind) bool {
	if r.failed || r.json.PeekKind() != end {
		return !r.failed
	}
	r.delimiter(end)
	return false
}

// value returns the raw JSON of a name or a value, which is valid until the next read.
func (r *reader) value() []byte {
	text, err := r.json.ReadValue()
	r.failed = r.failed || err != nil
	return text
}

// null reports whether the next value is null, and reads it then.
func (r *reader) null() bool { return r.json.PeekKind() == 'n' && r.value() != nil }

// once sets the bit in seen. It fails if the bit was set, as for a duplicate name.
func (r *reader) once(seen *uint64, bit uint64) {
	r.failed = r.failed || *seen&bit != 0
	*seen |= bit
}

// other reads a value of any type.
func (r *reader) other(value any) {
	text := r.value()
	if _, ok := value.(*map[string]any); ok && string(text) == "null" {
		return // fast, as most actors are null
	}
	r.failed = json.Unmarshal(text, value) != nil || r.failed
}

// unknown reads the value of a name that the contract does not have into extra.
func (r *reader) unknown(quoted []byte, extra *map[string]any) {
	name := strings.Trim(string(quoted), `"`)
	_, seen := (*extra)[name]
	r.failed = r.failed || seen || strings.Contains(name, `\`) // unescaped, it may be a known name
	var value any
	r.other(&value)
	if *extra == nil {
		*extra = map[string]any{}
	}
	(*extra)[name] = value
}

func (r *reader) boolean() bool {
	text := string(r.value())
	r.failed = r.failed || text != "true" && text != "false" && text != "null"
	return text == "true"
}

func readInteger[T ~int | ~int32 | ~int64](r *reader) T {
	text := r.value()
	n, err := strconv.ParseInt(string(text), 10, 64)
	r.failed = r.failed || (err != nil || int64(T(n)) != n) && string(text) != "null"
	return T(n)
}

// readText reads a string. It returns last if that is equal, to save memory; all other
// strings share blocks of memory.
func readText[T ~string](r *reader, last T) T {
	quoted := r.value()
	if len(quoted) == 0 || quoted[0] != '"' {
		r.failed = r.failed || string(quoted) != "null"
		return ""
	}
	text := quoted[1 : len(quoted)-1]
	if string(text) == string(last) {
		return last
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		text, _ = jsontext.AppendUnquote(nil, quoted)
		r.failed = r.failed || bytes.IndexByte(text, '\\') >= 0 // last, compared above, must not look escaped
	}
	if r.strings.Cap()-r.strings.Len() < len(text) {
		r.strings = strings.Builder{}
		r.strings.Grow(max(len(text), min(r.size, 4<<10)))
	}
	start := r.strings.Len()
	r.strings.Write(text)
	return T(r.strings.String()[start:])
}

func readPointer[T any, R readable[T]](r *reader, last *T) *T {
	if r.null() {
		return nil
	}
	value := new(T)
	R(value).read(r, cmp.Or(last, value))
	return value
}

func readList[T any, R readable[T]](r *reader) []T {
	if r.null() {
		return nil
	}
	list := []T{}
	for r.delimiter('['); r.more(']'); {
		if len(list) == 1 { // estimate the length from the size of the first item
			list = slices.Grow(list, min(pageSize, r.size/int(r.json.InputOffset())*9/8))
		}
		list = append(list, *new(T))
		R(&list[len(list)-1]).read(r, &list[max(0, len(list)-2)])
	}
	return list
}
