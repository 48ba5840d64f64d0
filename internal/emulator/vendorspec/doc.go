// Package vendorspec holds answers of the emulator against the vendor's OpenAPI documents. It is for tests: the
// documents are no part of the repository, and without them nothing can be checked.
//
// It knows nothing of the emulator but the form of an Answer, so that the emulator's own tests may use it.
package vendorspec

import (
	"os"
	"path/filepath"
)

// Shared is the folder of reference data: where TANDEM_SHARED says, or shared beside the repository; empty if it is not
// there.
func Shared() string {
	dir := os.Getenv("TANDEM_SHARED")
	if dir == "" {
		root, err := os.Getwd()
		for err == nil && root != filepath.Dir(root) {
			if _, gone := os.Stat(filepath.Join(root, "go.mod")); gone == nil {
				break
			}
			root = filepath.Dir(root)
		}
		dir = filepath.Join(filepath.Dir(root), "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "specs", "cloud-v2.json")); err != nil {
		return ""
	}
	return dir
}
