package sessionjwt

import (
	"encoding/base64"
	"strings"
)

// IssuerFromPublishableKey returns the issuer for New: "https://" followed by the
// Frontend API host that the instance's publishable key contains ("pk_test_..." or
// "pk_live_...", usually kept in CLERK_PUBLISHABLE_KEY). If your own proxy is in
// front of the Frontend API, the issuer is the proxy's URL instead.
//
// The error is ErrInvalidArgument if the part after the prefix is not the base64
// encoding of a lower-case host name and "$". A port, a user or a path is rejected.
func IssuerFromPublishableKey(key string) (string, error) {
	if key == "" {
		return "", fail(ErrInvalidArgument, "publishable key is empty: is CLERK_PUBLISHABLE_KEY set?")
	}
	if strings.HasPrefix(key, "sk_") {
		return "", fail(ErrInvalidArgument, "secret key (sk_), want the publishable key (pk_)")
	}
	prefix := key[:min(len("pk_test_"), len(key))]
	if prefix != "pk_test_" && prefix != "pk_live_" {
		return "", fail(ErrInvalidArgument, "publishable key does not start with pk_test_ or pk_live_")
	}
	encoded := key[len(prefix):]
	encoding := base64.StdEncoding
	if !strings.HasSuffix(encoded, "=") {
		encoding = base64.RawStdEncoding
	}
	text, err := encoding.DecodeString(encoded)
	host, ok := strings.CutSuffix(string(text), "$")
	if err != nil || !ok || !isHostName(host) || encoding.EncodeToString(text) != encoded {
		return "", fail(ErrInvalidArgument, "publishable key does not contain a host name: is it complete?")
	}
	return "https://" + host, nil
}

// isHostName reports whether s is a lower-case DNS name of two labels or more,
// and not an IPv4 address.
func isHostName(s string) bool {
	const digits = "0123456789"
	top := s[strings.LastIndexByte(s, '.')+1:]
	if len(s) > 253 || len(top) == len(s) || strings.Trim(top, digits) == "" {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz-"+digits) != "" {
			return false
		}
	}
	return true
}
