package main

import (
	"errors"
	"strings"
)

// text is a flag that does not take an empty value. A shell makes one of a variable
// that is not set, and --report "" must not mean no report.
type text string

func (t *text) Set(value string) error {
	if value == "" {
		return errors.New("it is empty, as when a variable is not set: give a value, or leave the flag out")
	}
	*t = text(value)
	return nil
}

func (t *text) String() string { return string(*t) }
func (t *text) Type() string   { return "string" }

// texts is a text that may be given many times.
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
