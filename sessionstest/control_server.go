package sessionstest

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

func (s *Server) controlReset() (any, error) {
	return locked(s, func(in *instance) (any, error) { return nil, in.reset(s.seeds) })
}

func (s *Server) controlLoad(seed Seed) (any, error) {
	return locked(s, func(in *instance) (any, error) { return nil, in.load(seed) })
}

// controlTime is the clock in the control API.
type controlTime struct {
	Now time.Time `json:"now"`
}

func (s *Server) controlClock() (any, error) { return controlTime{s.Now().UTC()}, nil }

func (s *Server) controlSetClock(to controlTime) (any, error) {
	if to.Now.IsZero() {
		return nil, errors.New("now is required")
	}
	return locked(s, func(in *instance) (controlTime, error) {
		err := in.clock.advance(to.Now.Sub(in.clock.now()))
		return controlTime{in.clock.now().UTC()}, err
	})
}

func (s *Server) controlAdvance(by struct {
	Seconds float64 `json:"seconds"`
}) (any, error) {
	const limit = 100 * 365 * 24 * 3600.0
	if by.Seconds > limit {
		return nil, fmt.Errorf("%g seconds are too far: the maximum is %.0f", by.Seconds, limit)
	}
	return locked(s, func(in *instance) (controlTime, error) {
		err := in.clock.advance(time.Duration(by.Seconds * float64(time.Second)))
		return controlTime{in.clock.now().UTC()}, err
	})
}

func (s *Server) controlMaintenance(v struct {
	On bool `json:"on"`
}) (any, error) {
	s.SetMaintenance(v.On)
	return nil, nil
}

func (s *Server) controlFault(v struct {
	Fault
	Operation string            `json:"operation"`
	Times     *int              `json:"times"`
	LatencyMS int               `json:"latency_ms"`
	DripMS    int               `json:"drip_ms"`
	Body      *string           `json:"body"`
	Header    map[string]string `json:"header"`
}) (any, error) {
	fault := v.Fault
	fault.Latency = time.Duration(v.LatencyMS) * time.Millisecond
	fault.Drip = time.Duration(v.DripMS) * time.Millisecond
	if v.Body != nil {
		fault.Body = []byte(*v.Body)
	}
	fault.Header = http.Header{}
	for name, value := range v.Header {
		fault.Header.Set(name, value)
	}
	times := 1
	if v.Times != nil {
		times = *v.Times
	}
	return nil, s.injectFault(v.Operation, times, fault)
}

func (s *Server) controlRequests(r *http.Request) (any, error) {
	return object{"requests": s.RequestsOf(r.URL.Query().Get("operation"))}, nil
}

func (s *Server) controlMint(v struct {
	MintParams
	SessionID string  `json:"session_id"`
	Signature *string `json:"signature"`
}) (any, error) {
	if v.Signature != nil {
		v.Sign = func([]byte) []byte { return []byte(*v.Signature) }
	}
	token, err := s.mint(v.SessionID, v.MintParams)
	return wireToken(token), err
}

func (s *Server) controlRotateKey(v struct {
	KID string `json:"kid"`
}) (any, error) {
	s.RotateKey(v.KID)
	return object{"kid": s.KeyID(), "public_key_pem": s.PublicKeyPEM()}, nil
}
