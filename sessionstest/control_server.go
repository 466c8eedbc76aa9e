package sessionstest

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// controlTime is the clock as the control API shows it.
type controlTime struct {
	Now time.Time `json:"now"`
}

func (s *Server) controlClock(*http.Request) (any, *apiError) {
	return controlTime{s.Now().UTC()}, nil
}

func (s *Server) controlSetClock(r *http.Request) (any, *apiError) {
	var to controlTime
	if e := decode(r, &to); e != nil {
		return nil, e
	}
	return s.change(func(in *instance) (any, error) {
		if to.Now.IsZero() {
			return nil, errors.New("now is required")
		}
		err := in.clock.advance(to.Now.Sub(in.clock.now()))
		return controlTime{in.clock.now().UTC()}, err
	})
}

func (s *Server) controlAdvance(r *http.Request) (any, *apiError) {
	var by struct {
		Seconds float64 `json:"seconds"`
	}
	if e := decode(r, &by); e != nil {
		return nil, e
	}
	return s.change(func(in *instance) (any, error) {
		const limit = 100 * 365 * 24 * 3600.0
		if by.Seconds > limit {
			return nil, fmt.Errorf("%g seconds are too far: the maximum is %.0f", by.Seconds, limit)
		}
		err := in.clock.advance(time.Duration(by.Seconds * float64(time.Second)))
		return controlTime{in.clock.now().UTC()}, err
	})
}

func (s *Server) controlMaintenance(r *http.Request) (any, *apiError) {
	var v struct {
		On bool `json:"on"`
	}
	if e := decode(r, &v); e != nil {
		return nil, e
	}
	s.SetMaintenance(v.On)
	return nil, nil
}

// controlledFault is a Fault in JSON, and the requests it applies to.
type controlledFault struct {
	Operation   string            `json:"operation"`
	Times       *int              `json:"times"`
	LatencyMS   int               `json:"latency_ms"`
	Status      int               `json:"status"`
	Body        *string           `json:"body"`
	HTML        bool              `json:"html"`
	Header      map[string]string `json:"header"`
	RetryAfter  string            `json:"retry_after"`
	ContentType string            `json:"content_type"`
	PadTo       int               `json:"pad_to"`
	DripMS      int               `json:"drip_ms"`
	Truncate    bool              `json:"truncate"`
	ResetBody   bool              `json:"reset_body"`
	ResetBefore bool              `json:"reset_before"`
	ResetAfter  bool              `json:"reset_after"`
}

func (s *Server) controlFault(r *http.Request) (any, *apiError) {
	var v controlledFault
	if e := decode(r, &v); e != nil {
		return nil, e
	}
	fault := Fault{
		Latency: time.Duration(v.LatencyMS) * time.Millisecond, Status: v.Status, HTML: v.HTML,
		RetryAfter: v.RetryAfter, ContentType: v.ContentType, PadTo: v.PadTo,
		Drip: time.Duration(v.DripMS) * time.Millisecond, Truncate: v.Truncate,
		ResetBody: v.ResetBody, ResetBefore: v.ResetBefore, ResetAfter: v.ResetAfter,
	}
	if v.Body != nil {
		fault.Body = append([]byte{}, *v.Body...)
	}
	for name, value := range v.Header {
		if fault.Header == nil {
			fault.Header = http.Header{}
		}
		fault.Header.Set(name, value)
	}
	times := 1
	if v.Times != nil {
		times = *v.Times
	}
	if err := s.injectFault(v.Operation, times, fault); err != nil {
		return nil, refusedControl(err)
	}
	return nil, nil
}

func (s *Server) controlStopFailing(*http.Request) (any, *apiError) {
	s.StopFailing()
	return nil, nil
}

func (s *Server) controlRequests(r *http.Request) (any, *apiError) {
	return struct {
		Requests []Request `json:"requests"`
	}{s.RequestsOf(r.URL.Query().Get("operation"))}, nil
}

func (s *Server) controlClearRequests(*http.Request) (any, *apiError) {
	s.ClearRequests()
	return nil, nil
}

func (s *Server) controlMint(r *http.Request) (any, *apiError) {
	var v struct {
		SessionID        string         `json:"session_id"`
		Template         string         `json:"template"`
		ExpiresInSeconds int64          `json:"expires_in_seconds"`
		Origin           string         `json:"origin"`
		Version          int            `json:"version"`
		Header           map[string]any `json:"header"`
		Claims           map[string]any `json:"claims"`
		Signature        *string        `json:"signature"`
	}
	if e := decode(r, &v); e != nil {
		return nil, e
	}
	params := MintParams{
		Template: v.Template, ExpiresIn: v.ExpiresInSeconds, Origin: v.Origin, Version: v.Version,
		Header: v.Header, Claims: v.Claims,
	}
	if v.Signature != nil {
		params.Sign = func([]byte) []byte { return []byte(*v.Signature) }
	}
	token, err := s.mint(v.SessionID, params)
	if err != nil {
		return nil, refusedControl(err)
	}
	return wireToken{Object: "token", JWT: token}, nil
}

func (s *Server) controlRotateKey(r *http.Request) (any, *apiError) {
	var v struct {
		KID string `json:"kid"`
	}
	if e := decode(r, &v); e != nil {
		return nil, e
	}
	s.RotateKey(v.KID)
	return struct {
		KID string `json:"kid"`
		PEM string `json:"public_key_pem"`
	}{s.KeyID(), s.PublicKeyPEM()}, nil
}
