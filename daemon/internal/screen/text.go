package screen

import "famchat/internal/safetext"

// AppendText appends s, the body of a message by anybody, made safe for a
// terminal; package safetext says how.
func AppendText(dst, s []byte) []byte { return safetext.AppendText(dst, s) }

// Text is AppendText for strings.
func Text(s string) string { return safetext.Text(s) }

// Line is Text on one line, for names, reasons and fields of logs.
func Line(s string) string { return safetext.Line(s) }
