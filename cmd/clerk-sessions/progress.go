package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long task is: a bar on a terminal, otherwise a line now
// and then.
type progress struct {
	app   *app
	what  string
	total int
	done  int
	told  time.Time
	bar   *progressbar.ProgressBar // nil without a terminal
}

const tellEvery = 5 * time.Second

func (a *app) progress(what, unit string, total int) *progress {
	p := &progress{app: a, what: what, total: total, told: time.Now()}
	if a.errTTY && total > 0 {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit),
			progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// add counts one more. Calls must not overlap.
func (p *progress) add() {
	p.done++
	switch {
	case p.bar != nil:
		_ = p.bar.Add(1)
	case time.Since(p.told) >= tellEvery:
		p.told = time.Now()
		p.app.note("%s: %d of %d", p.what, p.done, p.total)
	}
}

// aside makes room for a line between two states of the bar.
func (p *progress) aside(say func()) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	say()
	if p.bar != nil {
		_ = p.bar.RenderBlank()
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
	}
}
