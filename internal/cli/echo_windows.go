package cli

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// hideInput switches the echo of a console off and returns what switches it on again.
func hideInput(stdin io.Reader) func() {
	f, ok := stdin.(*os.File)
	if !ok {
		return func() {}
	}
	handle := windows.Handle(f.Fd())
	var was uint32
	if windows.GetConsoleMode(handle, &was) != nil || windows.SetConsoleMode(handle, was&^windows.ENABLE_ECHO_INPUT) != nil {
		return func() {}
	}
	return func() { _ = windows.SetConsoleMode(handle, was) } // the console has gone if this fails
}
