package main

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// text is a flag that rejects an empty value. A shell turns an unset variable into one,
// and --report "" must not mean no report.
type text string

func (t *text) Set(value string) error {
	if value == "" {
		return errors.New("empty value (is a shell variable unset?)")
	}
	*t = text(value)
	return nil
}

func (t *text) String() string { return string(*t) }
func (t *text) Type() string   { return "string" }

// texts is a text that may be repeated.
type texts []string

func (t *texts) Set(value string) error {
	var one text
	if err := one.Set(value); err != nil {
		return err
	}
	*t = append(*t, value)
	return nil
}

func (t *texts) String() string { return strings.Join(*t, ",") }
func (t *texts) Type() string   { return "stringArray" }

// positive is a flag of at least 1; 0 means that it is not set.
type positive int

func (n *positive) Set(value string) error {
	i, err := strconv.Atoi(value)
	if err != nil || i < 1 {
		return errors.New("want a number of at least 1")
	}
	*n = positive(i)
	return nil
}

func (n *positive) String() string { return strconv.Itoa(int(*n)) }
func (n *positive) Type() string   { return "int" }

// span is a flag for a duration above zero; 0 means that it is not set.
type span time.Duration

func (s *span) Set(value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return errors.New("want a duration above zero, such as 90s, 30m or 24h")
	}
	*s = span(d)
	return nil
}

func (s *span) Type() string { return "duration" }

func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

// network is a flag for a range of IP addresses, or a single one.
type network struct{ netip.Prefix }

func (n *network) Set(value string) error {
	prefix, err := netip.ParsePrefix(value)
	if addr, addrErr := netip.ParseAddr(value); err != nil && addrErr == nil {
		prefix, err = addr.Unmap().WithZone("").Prefix(addr.Unmap().BitLen())
	}
	if err != nil {
		return errors.New("want an address or a range, such as 203.0.113.9 or 203.0.113.0/24")
	}
	n.Prefix = prefix.Masked()
	return nil
}

func (n *network) Type() string { return "CIDR" }

func (n *network) String() string {
	if !n.IsValid() {
		return ""
	}
	return n.Prefix.String()
}
