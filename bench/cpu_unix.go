//go:build unix

package bench

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used of all processors so far. On a machine that
// others use as well it is steadier than the clock, and it counts the garbage
// collector that runs beside the caller.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
