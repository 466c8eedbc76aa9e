package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofrs/flock"
)

// A report is a file of JSON Lines that is only appended to; the package comment
// documents it. After any interruption, a session whose last outcome is not revoked or
// gone is left, and so is a user whose last outcome is not listed or checked.

type outcomeKind string

const (
	planned   outcomeKind = "planned"
	listed    outcomeKind = "listed"
	revoked   outcomeKind = "revoked"
	gone      outcomeKind = "gone" // Clerk no longer has the session
	failed    outcomeKind = "failed"
	stillLive outcomeKind = "live" // not revoked, or created since
	checked   outcomeKind = "checked"
)

// entry is the outcome for one session or, without SessionID, for one user.
type entry struct {
	SessionID string      `json:"session_id,omitzero"`
	UserID    string      `json:"user_id"`
	Outcome   outcomeKind `json:"outcome"`
	ErrorCode string      `json:"error_code,omitzero"`
	Error     string      `json:"error,omitzero"`
	TraceID   string      `json:"trace_id,omitzero"`
}

// runStart is the first line of each run.
type runStart struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// report appends entries to a file, which it keeps locked. A nil report writes nothing.
// After the first failure nothing more is written, since it would continue a truncated
// line.
type report struct {
	name  string
	fresh bool         // created by this run
	lock  *flock.Flock // nil for stdout

	mu    sync.Mutex
	file  reportFile
	lines int   // written by this run, besides the header and the start
	err   error // the first failure
}

// errReport is wrapped by every failure to write.
var errReport = errors.New("cannot write report")

type reportFile interface {
	io.WriteCloser
	Sync() error
}

// stdoutReport is the file of a report that goes to stdout.
type stdoutReport struct{ io.Writer }

func (stdoutReport) Sync() error  { return nil }
func (stdoutReport) Close() error { return nil }

// createReport begins a new report; "-" is stdout. It never overwrites a file.
func (a *app) createReport(name string, header reportHeader) (*report, error) {
	if name == "-" {
		r := &report{name: name, file: stdoutReport{a.out}}
		return r, r.begin(header)
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, usagef("report %s already exists: choose another name or use --resume %[1]s", name)
	}
	if err != nil {
		return nil, usagef("%w: %w (nothing was revoked)", errReport, err)
	}
	r := &report{name: name, file: file, fresh: true}
	// On Windows the lock covers the first byte, so the header is written before.
	if err := r.begin(header); err != nil {
		return nil, errors.Join(err, r.discard())
	}
	if err := r.acquire(); err != nil {
		_ = file.Close()
		return nil, usagef("%w (nothing was revoked)", err)
	}
	return r, nil
}

// begin writes the first lines of a run, after which nothing has been revoked.
func (r *report) begin(lines ...any) error {
	if err := r.write(append(lines, runStart{os.Getpid(), time.Now().UTC().Truncate(time.Second)})...); err != nil {
		return fmt.Errorf("%w; free disk space or choose another path (nothing was revoked)", err)
	}
	r.lines = 0
	return nil
}

// acquire locks the report until it is closed.
func (r *report) acquire() error {
	r.lock = flock.New(r.name)
	locked, err := r.lock.TryLock()
	if err != nil {
		return fmt.Errorf("cannot lock report %s: %w", r.name, err)
	}
	if !locked {
		return fmt.Errorf("report %s is in use by %s", r.name, holder(r.name))
	}
	// Whoever held the lock before may have removed the file.
	opened, err := r.lock.Stat()
	if err == nil {
		var current os.FileInfo
		if current, err = os.Stat(r.name); err == nil && !os.SameFile(opened, current) {
			err = os.ErrNotExist
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("report %s was removed: %w", r.name, err), r.lock.Close())
	}
	return nil
}

// holder names the process that writes to a report, by its last start.
func holder(name string) string {
	file, err := os.Open(name)
	if err != nil {
		return "another process"
	}
	defer file.Close()
	holder := "another process"
	lines := bufio.NewScanner(headerLess(file))
	for lines.Scan() {
		var start runStart
		if json.Unmarshal(lines.Bytes(), &start) == nil && start.PID > 0 {
			holder = fmt.Sprintf("process %d", start.PID)
		}
	}
	return holder
}

// headerLess reads a report from its second byte on, after the brace that every report
// begins with: on Windows the lock covers the first.
func headerLess(file io.ReaderAt) io.Reader { return io.NewSectionReader(file, 1, 1<<62) }

// write appends lines.
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines += len(values)
	return r.try(func() error {
		_, err := r.file.Write(lines.Bytes())
		return err
	})
}

// try does something to the file unless that has failed before.
func (r *report) try(do func() error) error {
	if r.err == nil {
		if err := do(); err != nil {
			r.err = fmt.Errorf("%w: %w", errReport, err)
		}
	}
	return r.err
}

// close closes the file and returns the first failure since it was opened.
func (r *report) close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.try(r.file.Sync)
	if err := r.file.Close(); err != nil && r.err == nil {
		r.err = fmt.Errorf("%w: %w", errReport, err)
	}
	if r.lock != nil {
		_ = r.lock.Close()
	}
	return r.err
}

// discard removes a report that this run created.
func (r *report) discard() error {
	if r == nil || !r.fresh {
		return r.close()
	}
	removed := os.Remove(r.name) // while it is locked; Windows removes no open file
	err := r.close()
	if removed != nil {
		removed = os.Remove(r.name)
	}
	return errors.Join(removed, err)
}

// empty reports whether this run created the report and did not add to it.
func (r *report) empty() bool { return r != nil && r.fresh && r.lines == 0 }

// onStdout reports whether the report takes the place of the usual output.
func (r *report) onStdout() bool { return r != nil && r.name == "-" }
