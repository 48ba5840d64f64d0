package body

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where and why a text is no storage format.
type SyntaxError struct {
	Offset int // bytes before the fault
	Line   int // from 1
	Column int // in characters, from 1
	What   string
}

// Error returns place and reason in one line.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.What)
}

func faultAt(raw string, offset int, what string, args ...any) *SyntaxError {
	before := raw[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Offset: offset,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
		What:   fmt.Sprintf(what, args...),
	}
}
