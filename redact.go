package clerksessions

import (
	"fmt"
	"log/slog"
)

// redacted stands in for a secret wherever something is printed, logged or kept.
const redacted = "[redacted]"

// redact returns what to print in place of v: nothing of it but whether it is empty.
func redact[T string | map[string][]string](v T) T {
	switch p := any(&v).(type) {
	case *string:
		if *p != "" {
			*p = redacted
		}
	case *map[string][]string:
		if *p != nil {
			*p = map[string][]string{redacted: nil}
		}
	}
	return v
}

// Format prints the client by its base URL alone, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) {
	if c.api.config == nil {
		fmt.Fprint(f, "clerksessions.Client{}")
		return
	}
	fmt.Fprintf(f, "clerksessions.Client{BaseURL:%q}", c.api.base)
}

// LogValue logs the client by its base URL alone.
func (c Client) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
