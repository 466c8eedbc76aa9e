package main

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNoFlagTakesAnEmptyValue(t *testing.T) {
	t.Parallel()
	valued := regexp.MustCompile(`--([a-z-]+) [A-Za-z]+  `)
	for _, cmd := range newApp(time.Now).root().Commands() {
		for _, flag := range valued.FindAllStringSubmatch(cmd.Flags().FlagUsages()+cmd.InheritedFlags().FlagUsages(), -1) {
			a := &app{out: new(bytes.Buffer), errs: new(bytes.Buffer)}
			assert.Equal(t, exitUsage, a.execute(t.Context(), []string{cmd.Name(), "--" + flag[1], ""}), flag)
			assert.Contains(t, a.errs.(*bytes.Buffer).String(), `invalid argument "" for "--`+flag[1]+`" flag: `)
		}
	}
}
