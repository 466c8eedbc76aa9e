package clerksessions

import (
	"fmt"
	"log/slog"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// redact returns the value to print in place of v. It shows only whether v is empty.
func redact[T string | map[string][]string](v T) T {
	switch p := any(&v).(type) {
	case *string:
		if *p != "" {
			*p = rest.Redacted
		}
	case *map[string][]string:
		if *p != nil {
			*p = map[string][]string{rest.Redacted: nil}
		}
	}
	return v
}

// Format prints only the base URL, for every verb.
func (c Client) Format(f fmt.State, _ rune) {
	if c.api.config == nil {
		fmt.Fprint(f, "clerksessions.Client{}")
		return
	}
	fmt.Fprintf(f, "clerksessions.Client{BaseURL:%q}", c.api.Base)
}

// LogValue logs only the base URL.
func (c Client) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
