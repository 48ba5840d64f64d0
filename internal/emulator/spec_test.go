package emulator

import (
	"net/http"
	"testing"
)

func checkSpec(t *testing.T, r *http.Request, g got) {}
