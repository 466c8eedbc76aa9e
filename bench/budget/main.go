// Command budget compares the allocations of our client per call with budgets.json and
// with those of other clients for the same work. Run it from bench/ without the race
// detector, which allocates as well.
//
//	go run ./budget [-update]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/clerksessions/clerksessions/bench"
)

const file = "budgets.json"

func main() {
	log.SetFlags(0)
	update := flag.Bool("update", false, "write what is measured into "+file)
	flag.Parse()

	measured, err := measure()
	if err != nil {
		log.Fatalf("budget: %v", err)
	}
	if *update {
		if err := write(measured["ours"]); err != nil {
			log.Fatalf("budget: %v", err)
		}
		return
	}
	budgets, err := read()
	if err != nil {
		log.Fatalf("budget: %v", err)
	}
	broken := compare(measured, budgets)
	for _, what := range broken {
		fmt.Println(what)
	}
	if len(broken) > 0 {
		log.Fatalf("budget: %d exceeded; to accept them, go run ./budget -update", len(broken))
	}
	fmt.Printf("%d budgets met\n", len(budgets))
}

// measure returns the allocations per call by client and work, in memory.
func measure() (map[string]map[string]int, error) {
	server := bench.Transports[0].Start()
	defer server.Close()
	calls, err := bench.Verifiers()
	if err != nil {
		return nil, err
	}
	for _, client := range bench.Clients {
		offered, err := client.New(server.URL, server.Transport)
		if err != nil {
			return nil, err
		}
		maps.Copy(offered, calls[client.Name])
		calls[client.Name] = offered
	}
	measured := map[string]map[string]int{}
	for client, offered := range calls {
		measured[client] = map[string]int{}
		for work, call := range offered {
			n := testing.AllocsPerRun(100, func() {
				if _, failed := call(context.Background()); failed != nil {
					err = fmt.Errorf("%s of %s: %w", work, client, failed)
				}
			})
			if err != nil {
				return nil, err
			}
			measured[client][work] = int(n)
		}
	}
	return measured, nil
}

// compare returns a sentence for each work of ours that exceeds its budget, has none, is
// not measured, or does not allocate less than every other client except the floor.
func compare(measured map[string]map[string]int, budgets map[string]int) (broken []string) {
	ours := measured["ours"]
	for _, work := range slices.Sorted(maps.Keys(ours)) {
		budget, ok := budgets[work]
		switch {
		case !ok:
			broken = append(broken, fmt.Sprintf("%s allocates %d times and has no budget", work, ours[work]))
		case ours[work] > budget+budget/100: // the garbage collector may empty a pool
			broken = append(broken, fmt.Sprintf("%s allocates %d times; its budget is %d", work, ours[work], budget))
		}
		for _, client := range slices.Sorted(maps.Keys(measured)) {
			theirs, offered := measured[client][work]
			if offered && client != "ours" && client != "floor" && ours[work] >= theirs {
				broken = append(broken,
					fmt.Sprintf("%s allocates %d times, no less than the %d of %s", work, ours[work], theirs, client))
			}
		}
	}
	for _, work := range slices.Sorted(maps.Keys(budgets)) {
		if _, ok := ours[work]; !ok {
			broken = append(broken, fmt.Sprintf("%s has a budget and is not measured", work))
		}
	}
	return broken
}

func read() (map[string]int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var budgets map[string]int
	if err := json.Unmarshal(text, &budgets); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return budgets, nil
}

func write(budgets map[string]int) error {
	text, err := json.MarshalIndent(budgets, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
