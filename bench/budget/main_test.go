package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCompareCanFail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		measured map[string]map[string]int
		budgets  map[string]int
		want     []string
	}{
		{"kept", map[string]map[string]int{"ours": {"Get": 30}, "peer": {"Get": 31}, "floor": {"Get": 20}}, map[string]int{"Get": 30}, nil},
		{"a hundredth over", map[string]map[string]int{"ours": {"List500": 2100}}, map[string]int{"List500": 2080}, nil},
		{"less than the floor", map[string]map[string]int{"ours": {"Get": 30}, "floor": {"Get": 30}}, map[string]int{"Get": 30}, nil},
		{"over", map[string]map[string]int{"ours": {"Get": 31}}, map[string]int{"Get": 30}, []string{"Get allocates 31 times; its budget is 30"}},
		{"none", map[string]map[string]int{"ours": {"Get": 31}}, nil, []string{"Get allocates 31 times and has no budget"}},
		{"not measured", map[string]map[string]int{"ours": {}}, map[string]int{"Get": 30}, []string{"Get has a budget and is not measured"}},
		{"no less than a peer", map[string]map[string]int{"ours": {"Get": 30}, "peer": {"Get": 30}}, map[string]int{"Get": 30}, []string{"Get allocates 30 times, no less than the 30 of peer"}},
	} {
		assert.Equal(t, test.want, compare(test.measured, test.budgets), test.name)
	}
}
