package main

import (
	"errors"
	"net/netip"
	"strconv"
	"time"
)

// nonEmpty rejects an empty value of a flag. A shell turns an unset variable into one,
// and --report "" must not mean no report.
func nonEmpty(set func(string) error) func(string) error {
	return func(value string) error {
		if value == "" {
			return errors.New("empty value (is a shell variable unset?)")
		}
		return set(value)
	}
}

// text returns a function for flags.Func that sets a string and rejects an empty one. The
// functions below are similar.
func text(to *string) func(string) error {
	return nonEmpty(func(value string) error {
		*to = value
		return nil
	})
}

// texts appends to a list of strings, for a flag that may be repeated.
func texts(to *[]string) func(string) error {
	return nonEmpty(func(value string) error {
		*to = append(*to, value)
		return nil
	})
}

// number accepts an integer of at least 1.
func number(to *int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return errors.New("want a number of at least 1")
		}
		*to = n
		return nil
	}
}

// duration accepts a duration above zero.
func duration(to *time.Duration) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return errors.New("want a duration above zero, such as 90s, 30m or 24h")
		}
		*to = d
		return nil
	}
}

// network accepts a range of IP addresses, or a single address.
func network(to *netip.Prefix) func(string) error {
	return func(value string) error {
		prefix, err := netip.ParsePrefix(value)
		if addr, addrErr := netip.ParseAddr(value); addrErr == nil {
			addr = addr.Unmap().WithZone("")
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return errors.New("want an address or a range, such as 203.0.113.9 or 203.0.113.0/24")
		}
		*to = prefix.Masked()
		return nil
	}
}
