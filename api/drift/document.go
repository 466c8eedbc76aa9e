package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDocument is the size no published document may exceed.
const maxDocument = 64 << 20

// A document is one OpenAPI document as parsed, its references still in place.
type document struct {
	name string // what to call it in sentences, for example 2026-05-12.yml
	root map[string]any
}

// parseDocument parses an OpenAPI document of any 3.x version, YAML or JSON.
func parseDocument(name string, data []byte) (*document, error) {
	var parsed any
	err := decodeYAML(yaml.NewDecoder(bytes.NewReader(data)), &parsed)
	if errors.Is(err, errSecondDocument) {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is no YAML: %s; give an OpenAPI document", name, oneLine(err))
	}
	root, ok := plain(parsed).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no OpenAPI document: its top is no mapping; give an OpenAPI 3 document", name)
	}
	if version, ok := root["openapi"].(string); !ok || !strings.HasPrefix(version, "3.") {
		return nil, fmt.Errorf("%s is no OpenAPI 3 document: openapi is %s; give one that says openapi: 3.x", name, textOf(root["openapi"]))
	}
	if _, ok := root["paths"].(map[string]any); !ok {
		return nil, fmt.Errorf("%s has no paths; give a whole OpenAPI document", name)
	}
	return &document{name: name, root: root}, nil
}

var errSecondDocument = errors.New("a line --- or ... begins a second document in it; keep one")

// decodeYAML reads all there is, where the YAML package stops unasked after the
// first of several documents. It returns io.EOF where there is none.
func decodeYAML(d *yaml.Decoder, into any) error {
	if err := d.Decode(into); err != nil {
		return err
	}
	var more yaml.Node
	switch err := d.Decode(&more); {
	case err == nil:
		return errSecondDocument
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

func readLimited(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("%s is larger than %d MiB; give an OpenAPI document", name, maxDocument>>20)
	}
	return data, nil
}

// plain turns what the YAML package yields into what encoding/json knows:
// statuses written as numbers become keys, dates become text again.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = plain(item)
		}
		return v
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[fmt.Sprint(key)] = plain(item)
		}
		return m
	case []any:
		for i, item := range v {
			v[i] = plain(item)
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has no such numbers
			return fmt.Sprint(v)
		}
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	}
	return v
}

// lookup finds what a local reference points to. Anything else than a place in
// this document is refused, so that no reference is ever fetched.
func (d *document) lookup(ref string) (any, error) {
	pointer, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil, fmt.Errorf("%s refers to %q, which is not within it; references to other documents are not followed: have it inlined", d.name, ref)
	}
	var at any = d.root
	for _, token := range strings.Split(pointer, "/") {
		if decoded, err := url.PathUnescape(token); err == nil {
			token = decoded
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		ok := false
		switch v := at.(type) {
		case map[string]any:
			at, ok = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if ok = err == nil && strconv.Itoa(i) == token && i >= 0 && i < len(v); ok {
				at = v[i]
			}
		}
		if !ok {
			return nil, fmt.Errorf("%s refers to %q, which does not exist; give a document whose references resolve", d.name, ref)
		}
	}
	return at, nil
}

// oneLine keeps an error of another package within the one sentence we print.
func oneLine(err error) string {
	var typeError *yaml.TypeError
	if errors.As(err, &typeError) && len(typeError.Errors) > 0 {
		return typeError.Errors[0]
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
