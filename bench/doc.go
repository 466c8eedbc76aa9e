// Package bench compares this client with others and with a hand-written minimal client,
// which all make the same calls.
package bench
