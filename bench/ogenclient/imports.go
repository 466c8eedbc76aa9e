//go:build ogen

package ogenclient

// What the generated files import, so that go mod tidy keeps it.
import (
	_ "github.com/go-faster/errors"
	_ "github.com/go-faster/jx"
	_ "github.com/ogen-go/ogen/validate"
)
