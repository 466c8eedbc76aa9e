package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json"
)

// runHeader tells runs apart.
type runHeader struct {
	Report   string                      `json:"report"`
	API      string                      `json:"api"`
	Instance instance                    `json:"instance"`
	Status   clerksessions.SessionStatus `json:"status"`
	Users    int                         `json:"users"`
	UsersID  string                      `json:"users_sha256"`
}

const reportKind = "clerk-sessions revoke-all 1"

func newRunHeader(key string, users []string, status clerksessions.SessionStatus) runHeader {
	return runHeader{reportKind, apiURL(), newInstance(key, rand.Text()), status, len(users),
		hexSum(strings.Join(slices.Sorted(slices.Values(users)), "\n"))}
}

// instance tells secret keys apart without revealing them. With the key of another
// instance Clerk knows none of the sessions, and all would be taken for gone.
type instance struct {
	Salt   string `json:"salt"`
	SHA256 string `json:"sha256"`
}

func newInstance(key, salt string) instance {
	return instance{salt, hexSum(salt + "\n" + key)}
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// matches tells why the first line of a report is not of the same run, by this key.
func (h runHeader) matches(line []byte, key string) error {
	var was runHeader
	switch err := json.Unmarshal(line, &was); {
	case err != nil || was.Report == "":
		return errors.New("it has no header, so it is no report of this program")
	case was.Report != h.Report:
		return fmt.Errorf("it is of the kind %q, but this program writes %q", was.Report, h.Report)
	case was.API != h.API:
		return fmt.Errorf("it is from another run, against %s, while this one is against %s", was.API, h.API)
	case was.Instance != newInstance(key, was.Instance.Salt):
		return errors.New("it belongs to another secret key: give the key of the first run, or begin a new report with --report")
	case was.Status != h.Status:
		return fmt.Errorf("it is from another run, with --status %q, while this one has %q", was.Status, h.Status)
	case was.UsersID != h.UsersID:
		return fmt.Errorf("it is from another run, of %s, while this one names %d that are not the same: give the same users again", english.Plural(was.Users, "user", ""), h.Users)
	}
	return nil
}
