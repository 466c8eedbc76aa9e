package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows the progress of a pass: on a terminal a line that is redrawn every
// second, otherwise a line every five seconds. The app's mutex guards it.
type progress struct {
	app   *app
	what  string
	start time.Time
	timer *time.Timer

	total tally     // users to list, and sessions to revoke that are known so far
	done  tally     // how many of these are done
	until time.Time // when the current pause ends
}

// tally counts items.
type tally struct{ users, sessions int }

func (t *tally) add(it *item) {
	if it.session == "" {
		t.users++
	} else {
		t.sessions++
	}
}

// begin starts to show the progress of a pass over items, until end is called.
func (a *app) begin(what string, items []*item) *progress {
	p := &progress{app: a, what: what, start: time.Now()}
	for _, it := range items {
		p.total.add(it)
	}
	every := 5 * time.Second
	if a.redraws() {
		every = time.Second
	}
	a.update(func() {
		a.progress = p
		p.timer = time.AfterFunc(every, func() {
			a.update(func() {
				if a.progress == p { // it has not ended
					p.draw()
					p.timer.Reset(every)
				}
			})
		})
	})
	return p
}

// pause records that no call is started for a while.
func (p *progress) pause(wait time.Duration) {
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// end removes the line.
func (p *progress) end() {
	p.app.aside(func() {
		p.app.progress = nil
		p.timer.Stop()
	})
}

// redraws reports whether stderr is a terminal that can redraw a line.
func (a *app) redraws() bool { return a.errTTY && !a.dumb }

// update calls change with the mutex locked.
func (a *app) update(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

// aside calls write, which writes lines, with the line of progress removed.
func (a *app) aside(write func()) {
	a.update(func() {
		if a.progress == nil || !a.redraws() {
			write()
			return
		}
		fmt.Fprint(a.errs, "\r\x1b[K")
		if write(); a.progress != nil {
			a.progress.draw()
		}
	})
}

// draw writes the line of progress.
func (p *progress) draw() {
	line := p.String()
	if !p.app.redraws() {
		fmt.Fprintln(p.app.errs, line)
		return
	}
	if columns := p.app.errWidth(); columns > 0 {
		line = truncate(line, columns-1)
	}
	fmt.Fprint(p.app.errs, "\r"+line+"\x1b[K")
}

// asideWriter writes whole lines with the line of progress removed.
type asideWriter struct {
	app *app
	to  io.Writer
}

func (w asideWriter) Write(lines []byte) (n int, err error) {
	w.app.aside(func() { n, err = w.to.Write(lines) })
	return n, err
}

// String returns, for example, "Revoking: 120/300, 2m10s left", at most 40 columns. The
// number of sessions is an estimate until all users are listed.
func (p *progress) String() string {
	done, total, about := p.done.sessions, p.total.sessions, ""
	units, allUnits := p.done.users+p.done.sessions, p.total.users+p.total.sessions
	switch {
	case total == 0:
		done, total = p.done.users, p.total.users
	case p.done.users < p.total.users:
		total, about = int(float64(total)*float64(p.total.users)/float64(max(1, p.done.users))), "~"
		allUnits = p.total.users + total
	}
	text := fmt.Sprintf("%s: %d/%s%d", p.what, done, about, total)
	wait := max(0, time.Until(p.until))
	if wait > 0 {
		text = fmt.Sprintf("Paused %s: %d/%s%d", shortDuration(wait), done, about, total)
	}
	if units > 0 {
		rate := float64(units) / float64(time.Since(p.start)+wait)
		text += ", " + shortDuration(max(time.Duration(float64(allUnits-units)/rate), wait)) + " left"
	}
	return text
}

// shortDuration formats a duration with at most two units.
func shortDuration(d time.Duration) string {
	if d < 10*time.Minute {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
