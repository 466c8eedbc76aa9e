package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long task is, also while it waits: a bar on a terminal,
// otherwise a line now and then.
type progress struct {
	app   *app
	what  string
	total int
	start time.Time
	bar   *progressbar.ProgressBar // nil without a terminal

	mu    sync.Mutex // guards what follows and what is written
	done  int
	until time.Time // when the wait for the rate limit ends

	stop    chan struct{}
	telling sync.WaitGroup
}

func (a *app) progress(what string, total int) *progress {
	p := &progress{app: a, what: what, total: total, start: time.Now(), stop: make(chan struct{})}
	every := 5 * time.Second
	if a.errTTY && total > 0 {
		every = time.Second
		// Its own rate and time left make no sense where calls come in bursts.
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(a.errs), progressbar.OptionSetDescription(what), progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetWidth(16), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
		_ = p.bar.RenderBlank()
	}
	p.telling.Go(func() { p.tellEvery(every) })
	return p
}

func (p *progress) tellEvery(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.tell()
		}
	}
}

func (p *progress) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.app.note("%s: %d of %d%s", p.what, p.done, p.total, p.pace())
		return
	}
	p.bar.Describe(strings.Replace(p.what+p.pace(), ",", ":", 1))
}

// pace is the rate since the start, the time left at that rate, and what is waited for.
func (p *progress) pace() string {
	var text string
	wait := time.Until(p.until).Round(time.Second)
	if elapsed := time.Since(p.start); p.done > 0 && elapsed > 0 {
		rate, per := float64(p.done)/elapsed.Seconds(), "s"
		left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second)).Round(time.Second)
		if rate < 1 {
			rate, per = 60*rate, "min"
		}
		text = fmt.Sprintf(", %.0f/%s, %s left", rate, per, max(left, wait))
	}
	if wait > 0 {
		text += fmt.Sprintf(", rate limit for %s more", wait)
	}
	return text
}

// limited notes that calls wait so long for Clerk's rate limit.
func (p *progress) limited(wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(wait); until.After(p.until) {
		p.until = until
	}
}

// add counts one more.
func (p *progress) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

// aside makes room for a line between two states of the bar.
func (p *progress) aside(say func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	close(p.stop)
	p.telling.Wait()
	if p.bar != nil {
		_ = p.bar.Clear()
		_ = p.bar.Exit()
	}
}
