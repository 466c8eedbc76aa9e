package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
)

// A report is a file of JSON Lines that is only ever added to. It begins with a
// header; then comes the plan, a line for each session with the outcome planned, and
// the line that ends the plan; then a line for each session that was tried. So after
// whatever interruption, planned without being revoked or gone is what is left.

type outcomeKind string

const (
	planned outcomeKind = "planned"
	revoked outcomeKind = "revoked"
	gone    outcomeKind = "gone" // Clerk knows no such session any more
	failed  outcomeKind = "failed"
)

// entry is what became of one session, or, without SessionID, of listing a user's.
type entry struct {
	SessionID string      `json:"session_id,omitzero"`
	UserID    string      `json:"user_id"`
	Outcome   outcomeKind `json:"outcome"`
	ErrorCode string      `json:"error_code,omitzero"`
	Error     string      `json:"error,omitzero"`
	TraceID   string      `json:"trace_id,omitzero"`
}

// planEnd ends the plan: before it, nothing was revoked.
type planEnd struct {
	Planned int `json:"planned"`
}

// report writes entries to a file. A nil report writes nothing. After the first
// failure nothing more is written, as it might stand on the rest of a line cut short.
type report struct {
	file reportFile
	name string
	err  error // the first failure
}

type reportFile interface {
	io.WriteCloser
	Sync() error
}

// createReport begins a new report; it never writes over an old one.
func createReport(name string, header runHeader) (*report, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, usagef("the report %s is there already: give another name, or go on with it by --resume %[1]s", name)
	}
	if err != nil {
		return nil, usagef("the report cannot be written, so nothing was revoked: %w", err)
	}
	r := &report{file: file, name: name}
	if err := r.begin(header); err != nil {
		_ = r.discard()
		return nil, err
	}
	return r, nil
}

func (r *report) begin(header runHeader) error { return tooEarly(r.write(header)) }

// tooEarly is an error of the report from before anything was revoked.
func tooEarly(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("nothing was revoked, as %w; make room for it, or write it elsewhere", err)
}

func (r *report) write(values ...any) error {
	if r == nil {
		return nil
	}
	var lines bytes.Buffer
	for _, v := range values {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		lines.WriteString(clean(string(line)) + "\n")
	}
	return r.try(func() error {
		_, err := r.file.Write(lines.Bytes())
		return err
	})
}

// try does something to the file unless that has failed before.
func (r *report) try(do func() error) error {
	if r.err != nil {
		return r.err
	}
	if err := do(); err != nil {
		r.err = fmt.Errorf("the report cannot be written: %w", err)
	}
	return r.err
}

// plan writes down what will be revoked, before anything is, and whose sessions could
// not be listed.
func (r *report) plan(sessions []*clerksessions.Session, unlisted []entry) error {
	if r == nil {
		return nil
	}
	lines := make([]any, 0, len(sessions)+len(unlisted)+1)
	for _, s := range sessions {
		lines = append(lines, entry{SessionID: s.ID, UserID: s.UserID, Outcome: planned})
	}
	for _, e := range unlisted {
		lines = append(lines, e)
	}
	if err := r.write(append(lines, planEnd{len(sessions)})...); err != nil {
		return tooEarly(err)
	}
	return tooEarly(r.sync())
}

func (r *report) sync() error {
	if r == nil {
		return nil
	}
	return r.try(r.file.Sync)
}

// close returns the first failure there was since the report was opened.
func (r *report) close() error {
	if r == nil {
		return nil
	}
	_ = r.sync()
	if err := r.file.Close(); r.err == nil && err != nil {
		r.err = fmt.Errorf("the report cannot be written: %w", err)
	}
	return r.err
}

// discard takes a report away that tells of nothing.
func (r *report) discard() error {
	if r == nil {
		return nil
	}
	return errors.Join(r.file.Close(), os.Remove(r.name))
}

// past is what a report tells of the runs before.
type past struct {
	planned  bool                     // the plan is complete
	left     []*clerksessions.Session // planned, but not revoked or gone
	done     int
	unlisted []string // users whose sessions could not be listed
}

// resumeReport reads a report and opens it to be continued. A last line that a crash
// cut short is dropped.
func resumeReport(name, key string, header runHeader) (*report, *past, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, usagef("the report cannot be continued, so nothing was revoked: %w", err)
	}
	p, size, err := readReport(bufio.NewReader(file), key, header)
	if err == nil {
		err = file.Truncate(size)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, usagef("the report %s cannot be continued, so nothing was revoked: %w", name, err)
	}
	return &report{file: file, name: name}, p, nil
}

// readReport returns what a report tells and how many bytes of it are whole lines.
func readReport(from *bufio.Reader, key string, header runHeader) (*past, int64, error) {
	var size int64
	var order []string
	sessions := map[string]entry{}
	var unlisted []string // since the last plan ended
	p := &past{}
	for n := 1; ; n++ {
		line, err := from.ReadBytes('\n')
		if err == io.EOF {
			if n == 1 {
				return nil, 0, errors.New("it has no header, so it is no report of this program")
			}
			break
		}
		if err != nil {
			return nil, 0, err
		}
		size += int64(len(line))
		if n == 1 {
			if err := header.matches(line, key); err != nil {
				return nil, 0, err
			}
			continue
		}
		var e struct {
			entry   `json:",inline"`
			Planned *int `json:"planned"`
		}
		if err := json.Unmarshal(line, &e); err != nil || e.Planned == nil && e.UserID == "" {
			return nil, 0, fmt.Errorf("its line %d is no line of a report", n)
		}
		switch {
		case e.Planned != nil:
			p.planned = true
			p.unlisted, unlisted = unlisted, nil
		case e.SessionID == "":
			unlisted = append(unlisted, e.UserID)
		default:
			if _, ok := sessions[e.SessionID]; !ok {
				order = append(order, e.SessionID)
			}
			sessions[e.SessionID] = e.entry
		}
	}
	for _, id := range order {
		switch e := sessions[id]; e.Outcome {
		case revoked, gone:
			p.done++
		default:
			p.left = append(p.left, &clerksessions.Session{ID: id, UserID: e.UserID})
		}
	}
	return p, size, nil
}
