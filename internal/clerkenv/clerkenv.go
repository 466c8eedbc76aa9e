package clerkenv

import (
	"cmp"
	"errors"
	"os"
	"strings"
	"time"
)

// DefaultBaseURL is the server of the contract, as a test of the root package checks.
const DefaultBaseURL = "https://api.clerk.com/v1"

// BaseURL returns the base URL of the Backend API: CLERK_API_URL, which ends before the
// version, and CLERK_API_VERSION, which is the version segment of the path and not a
// date. The defaults are those of DefaultBaseURL. Only the version is checked.
func BaseURL() (string, error) {
	cut := strings.LastIndexByte(DefaultBaseURL, '/')
	host := strings.TrimRight(cmp.Or(os.Getenv("CLERK_API_URL"), DefaultBaseURL[:cut]), "/")
	version := cmp.Or(os.Getenv("CLERK_API_VERSION"), DefaultBaseURL[cut+1:])
	_, notDate := time.Parse(time.DateOnly, version)
	if notDate == nil || strings.Trim(version, ".") == "" || strings.ContainsFunc(version, notInVersion) {
		return "", errors.New("CLERK_API_VERSION must be one path segment such as v1, not a date")
	}
	return host + "/" + version, nil
}

func notInVersion(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%`, r) }
