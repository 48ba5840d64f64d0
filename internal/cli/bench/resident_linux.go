package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// resident returns the peak of this process's resident memory in bytes: VmHWM, which begins with the process and not
// with the one that started it.
func resident() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, line, ok := bytes.Cut(status, []byte("\nVmHWM:"))
	if !ok {
		return 0, errors.New("/proc/self/status has no VmHWM")
	}
	var kib int64
	if _, err := fmt.Sscan(string(line), &kib); err != nil {
		return 0, err
	}
	return kib << 10, nil
}
