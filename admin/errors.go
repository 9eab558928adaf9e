package admin

import "fmt"

// Code says what kind of error an Error is; a caller branches by it.
type Code string

// The codes, with the status of HTTP that goes with each.
const (
	CodeBadRequest Code = "bad_request"    // 400: not a request that there is
	CodeNoMember   Code = "no_such_member" // 404
	CodeNoPlugin   Code = "no_such_plugin" // 404
	CodeNotFound   Code = "not_found"      // 404: no such path
	CodeNoBan      Code = "no_such_ban"    // 404
	CodeForbidden  Code = "forbidden"      // 403: the caller is somebody else's
	CodeRefused    Code = "refused"        // 409: understood, and not done
	CodeTimeout    Code = "timeout"        // 504: the daemon was too busy to answer
	CodeStopping   Code = "stopping"       // 503: the daemon stops
	CodeInternal   Code = "internal"       // 500
)

// Error is why a request was not done: a code, and a sentence that says what to do.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}
