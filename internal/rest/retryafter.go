package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter parses a Retry-After header, which holds seconds or a date. It returns
// zero for an invalid value, a negative number and a date in the past, and at most
// 100 years.
func RetryAfter(value string, now time.Time) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) { // negative, zero or NaN
			return 0
		}
		return time.Duration(min(seconds, century.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), century)
	}
	return 0
}
