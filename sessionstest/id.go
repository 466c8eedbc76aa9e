package sessionstest

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID returns an id like Clerk's: the prefix and 27 base62 characters, which currently
// begin with 2 or 3.
func newID(prefix string) string { return prefix + "3" + randomText(26) }

func randomText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = base62[rand.IntN(len(base62))]
	}
	return string(b)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(rand.IntN(256))
	}
	return hex.EncodeToString(b)
}

// wellFormed reports whether id is the prefix followed by 1 to 64 letters, digits, "_" or
// "-". Clerk's ids have 27; tests use shorter ones, such as user_1.
func wellFormed(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	return ok && rest != "" && len(rest) <= 64 && strings.Trim(rest, base62+"_-") == ""
}

// checkID returns an error unless the id of an entry is well-formed.
func checkID(name, id, prefix string) error {
	if wellFormed(id, prefix) {
		return nil
	}
	return fmt.Errorf("%s id %s must be %s and 1 to 64 letters, digits, - or _", name, quote(id), prefix)
}
