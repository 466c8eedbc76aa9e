package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofrs/flock"
)

// reportFile is the file of a report. Its format is JSON Lines, documented in the package
// comment. It is only appended to, and is locked until it is closed.
type reportFile struct {
	name  string
	fresh bool      // created by this run
	used  bool      // has an entry of this run
	out   io.Writer // file, or stdout
	file  *os.File  // nil for stdout
	lock  *flock.Flock
	err   error // of the first failed write
}

// errReport is wrapped by every error of writing a report.
var errReport = errors.New("cannot write report")

// runStart is the first line of each run.
type runStart struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// createReport creates a report; "-" is stdout. It never overwrites a file.
func (a *app) createReport(name string, header reportHeader) (*reportFile, error) {
	f := &reportFile{name: name, out: asideWriter{a, a.out}}
	if name != "-" {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if errors.Is(err, os.ErrExist) {
			return nil, usagef("report %s already exists: choose another name or use --resume %[1]s", name)
		}
		if err != nil {
			return nil, usagef("%w: %w (nothing was revoked)", errReport, err)
		}
		f.out, f.file, f.fresh = file, file, true
	}
	// On Windows the lock protects the first byte, so the header is written first.
	if err := f.begin(header); err != nil {
		_ = f.discard()
		return nil, usagef("%w (nothing was revoked)", err)
	}
	if name != "-" {
		if err := f.acquire(); err != nil {
			_ = f.close()
			return nil, usagef("report %s: %w (nothing was revoked)", name, err)
		}
	}
	return f, nil
}

// resume reads the report of earlier runs, opens it for appending, and returns its
// header.
func (r *report) resume(name, key string, header reportHeader) (was reportHeader, err error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return was, usagef("cannot resume report: %w (nothing was revoked)", err)
	}
	r.file = &reportFile{name: name, out: file, file: file}
	err = r.file.acquire()
	var size int64
	if err == nil {
		was, size, err = r.read(io.MultiReader(strings.NewReader("{"), afterBrace(file)), key, header)
	}
	if err == nil {
		err = os.Truncate(name, size) // drop a last line that is incomplete after a crash
	}
	if err == nil {
		err = r.file.begin()
	}
	if err != nil {
		_ = r.file.close()
		return was, usagef("cannot resume report %s: %w (nothing was revoked)", name, err)
	}
	return was, nil
}

// read applies the lines of a report. It returns the header and the size of the
// complete lines.
func (r *report) read(from io.Reader, key string, header reportHeader) (was reportHeader, size int64, err error) {
	lines := bufio.NewReader(from)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case n == 1 && errors.Is(err, io.EOF):
			err = errNoHeader
		case errors.Is(err, io.EOF):
			r.before, r.revoked, r.gone = r.revoked+r.gone, 0, 0
			return was, size, nil
		case err == nil && n == 1:
			was, err = header.match(line, key)
		case err == nil:
			err = r.applyLine(n, line)
		}
		if err != nil {
			return was, size, err
		}
		size += int64(len(line))
	}
}

func (r *report) applyLine(n int, line []byte) error {
	var e struct {
		entry    `json:",inline"`
		runStart `json:",inline"`
	}
	if json.Unmarshal(line, &e) != nil || e.PID == 0 && !r.apply(e.entry) {
		return fmt.Errorf("line %d is not a valid report entry", n)
	}
	return nil
}

// acquire locks the report until it is closed.
func (f *reportFile) acquire() error {
	opened, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !opened.Mode().IsRegular() {
		return errors.New("it is not a regular file") // a device or pipe may have no end
	}
	f.lock = flock.New(f.name, flock.SetFlag(os.O_RDWR))
	switch locked, err := f.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("cannot lock it: %w", err)
	case !locked:
		return fmt.Errorf("it is in use by %s", holder(f.file))
	}
	// The previous holder of the lock may have removed the file.
	if current, err := os.Stat(f.name); err != nil || !os.SameFile(opened, current) {
		return errors.New("it was removed by another process")
	}
	return nil
}

// holder returns the process that last started to write to a report.
func holder(file io.ReaderAt) string {
	text, _ := io.ReadAll(afterBrace(file))
	starts := regexp.MustCompile(`(?m)^\{"pid":(\d+)`).FindAllSubmatch(text, -1)
	if len(starts) == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %s", starts[len(starts)-1][1])
}

// afterBrace reads a report from its second byte on, after the brace that every report
// begins with: on Windows the lock prevents reading the first byte.
func afterBrace(file io.ReaderAt) io.Reader { return io.NewSectionReader(file, 1, 1<<62) }

// begin writes the first lines of a run, before anything is revoked.
func (f *reportFile) begin(header ...any) error {
	err := f.write(append(header, runStart{os.Getpid(), time.Now().UTC().Truncate(time.Second)})...)
	if err != nil {
		return fmt.Errorf("%w; free disk space or choose another path", err)
	}
	return nil
}

// write appends a line for each value. After a failure it writes nothing more, as the
// last line may be truncated.
func (f *reportFile) write(values ...any) error {
	var lines bytes.Buffer
	for _, v := range values {
		line, err := json.Marshal(v)
		f.err = cmp.Or(f.err, err)
		lines.WriteString(clean(string(line)) + "\n")
	}
	if f.err == nil {
		_, f.err = f.out.Write(lines.Bytes())
	}
	return f.failure()
}

// failure returns the error of the first failed write.
func (f *reportFile) failure() error {
	if f.err != nil {
		return fmt.Errorf("%w: %w", errReport, f.err)
	}
	return nil
}

// close closes the report and returns the first error since it was opened.
func (f *reportFile) close() error {
	if f.file != nil {
		f.err = cmp.Or(f.err, f.file.Sync(), f.file.Close())
	}
	if f.lock != nil {
		_ = f.lock.Close()
	}
	return f.failure()
}

// discard closes the report, and removes it if this run created it.
func (f *reportFile) discard() error {
	if !f.fresh {
		return f.close()
	}
	err := os.Remove(f.name) // while it is locked
	_ = f.close()
	if err != nil {
		err = os.Remove(f.name) // Windows does not remove an open file
	}
	return err
}

// onStdout reports whether the report is written to stdout, in place of the usual output.
func (f *reportFile) onStdout() bool { return f != nil && f.name == "-" }
