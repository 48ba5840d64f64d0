// This file lets goroutine.go declare a function whose body is in the runtime.
