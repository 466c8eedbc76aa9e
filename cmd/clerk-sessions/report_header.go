package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// reportHeader is the first line of a report. A run may resume a report only with the
// same API, key, selection and users.
type reportHeader struct {
	Report        string    `json:"report"` // reportKind
	API           string    `json:"api"`
	Instance      instance  `json:"instance"`
	Selection     string    `json:"selection"` // the flags that select sessions
	CreatedBefore time.Time `json:"created_before,omitzero"`
	Users         int       `json:"users"`
	UsersID       string    `json:"users_sha256"` // of the sorted ids, with a newline between them
}

// reportKind names the format and its version.
const reportKind = "clerk-sessions revoke-all 2"

func newReportHeader(api, key string, users []string, s *selection) reportHeader {
	return reportHeader{reportKind, api, newInstance(key, rand.Text()), s.String(), s.createdBefore, len(users),
		hexSum(strings.Join(slices.Sorted(slices.Values(users)), "\n"))}
}

// instance is a salted hash of the secret key. It prevents resuming a report with the key
// of another instance, for which all sessions would seem to be gone.
type instance struct {
	Salt   string `json:"salt"`
	SHA256 string `json:"sha256"`
}

func newInstance(key, salt string) instance { return instance{salt, hexSum(salt + "\n" + key)} }

func hexSum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

var errNoHeader = errors.New("not a report: missing header")

// match decodes the header of a report. The error says why the report cannot be resumed
// by a run with header h and this key.
func (h reportHeader) match(line []byte, key string) (was reportHeader, err error) {
	err = json.Unmarshal(line, &was)
	switch {
	case err != nil || was.Report == "":
		err = errNoHeader
	case was.Report != h.Report:
		err = fmt.Errorf("its format is %q, want %q", was.Report, h.Report)
	case was.API != h.API:
		err = fmt.Errorf("it is from a run against %s, not %s", was.API, h.API)
	case was.Instance != newInstance(key, was.Instance.Salt):
		err = errors.New("it belongs to another secret key: " +
			"use the key of the first run, or start a new report with --report")
	case was.Selection != h.Selection:
		err = fmt.Errorf("it is from a run with the flags %q, not %q", was.Selection, h.Selection)
	case was.UsersID != h.UsersID:
		err = fmt.Errorf("its users differ (it has %d, this run has %d): give the same users again", was.Users, h.Users)
	}
	return was, err
}
