package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// progress shows how far a long task is, also while it waits: a line that is redrawn on
// a terminal, otherwise a line now and then. The app's mutex guards it.
type progress struct {
	app   *app
	what  string
	start time.Time

	users, listed  int       // users to list, and those that are listed
	sessions, done int       // sessions to revoke so far, and those that are done
	until          time.Time // when the pause for the rate limit ends

	stop  chan struct{}
	drawn sync.WaitGroup
}

// begin shows the progress of a task until the returned progress ends.
func (a *app) begin(what string, users, sessions int) *progress {
	p := &progress{app: a, what: what, start: time.Now(), users: users, sessions: sessions, stop: make(chan struct{})}
	every := 5 * time.Second
	if a.redraws() {
		every = time.Second
	}
	a.update(func() { a.progress = p })
	p.drawn.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-ticker.C:
				a.update(p.tell)
			}
		}
	})
	return p
}

// add counts an item that is done.
func (p *progress) add(it *item) {
	if it.session == "" {
		p.listed++
	} else {
		p.done++
	}
}

// pause notes that no call is started for a while.
func (p *progress) pause(wait time.Duration) {
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// end removes the line.
func (p *progress) end() {
	close(p.stop)
	p.drawn.Wait()
	p.app.aside(func() { p.app.progress = nil })
}

// redraws reports whether stderr is a terminal that can redraw a line.
func (a *app) redraws() bool { return a.errTTY && !a.dumb }

// update changes the progress or something that is written.
func (a *app) update(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// aside runs write, which writes lines to the terminal, without the line of progress.
func (a *app) aside(write func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.progress != nil && a.redraws() {
		fmt.Fprint(a.errs, "\r\x1b[K")
	}
	write()
	if a.progress != nil && a.redraws() {
		a.progress.tell()
	}
}

// asideWriter writes whole lines to stderr, aside from the line of progress.
type asideWriter struct{ *app }

func (w asideWriter) Write(line []byte) (n int, err error) {
	w.aside(func() { n, err = w.errs.Write(line) })
	return n, err
}

// tell writes the state of the task.
func (p *progress) tell() {
	if !p.app.redraws() {
		fmt.Fprintln(p.app.errs, p)
		return
	}
	line := p.String()
	if columns := p.app.errWidth(); columns > 0 {
		line = truncate(line, columns-1)
	}
	fmt.Fprint(p.app.errs, "\r"+line+"\x1b[K")
}

// String is like "Revoking: 120/300, 2m10s left", at most 40 columns.
func (p *progress) String() string {
	done, total, about := p.done, p.sessions, ""
	units, allUnits := p.listed+p.done, p.users+p.sessions
	switch {
	case p.sessions == 0 && p.users > 0:
		done, total = p.listed, p.users
	case p.listed < p.users:
		total, about = p.sessions*p.users/max(1, p.listed), "~"
		allUnits = p.users + total
	}
	what, left := p.what, ""
	wait := max(0, time.Until(p.until))
	if units > 0 {
		rate := float64(units) / float64(time.Since(p.start)+wait)
		left = ", " + short(max(time.Duration(float64(allUnits-units)/rate), wait)) + " left"
	}
	if wait > 0 {
		what = "Paused " + short(wait)
	}
	return fmt.Sprintf("%s: %d/%s%d%s", what, done, about, total, left)
}

// short formats a duration with at most two units.
func short(d time.Duration) string {
	unit := time.Second
	if d >= 10*time.Minute {
		unit = time.Minute
	}
	text := d.Round(unit).String()
	if d >= 10*time.Minute {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}
