package admin

import (
	"fmt"
	"net/http"
)

// Code says what kind of error an Error is; a caller branches by it.
type Code string

// The codes, with the status of HTTP that goes with each.
const (
	CodeBadRequest Code = "bad_request"    // 400: not a request that there is
	CodeMethod     Code = "bad_method"     // 405: the path is for another method
	CodeTooLarge   Code = "too_large"      // 413: the request
	CodeMediaType  Code = "not_json"       // 415: the request says that it is something else
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

// status is the status of HTTP that goes with a code.
func (c Code) status() int {
	switch c {
	case CodeBadRequest:
		return http.StatusBadRequest
	case CodeMethod:
		return http.StatusMethodNotAllowed
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeMediaType:
		return http.StatusUnsupportedMediaType
	case CodeNoMember, CodeNoPlugin, CodeNotFound, CodeNoBan:
		return http.StatusNotFound
	case CodeForbidden:
		return http.StatusForbidden
	case CodeRefused:
		return http.StatusConflict
	case CodeTimeout:
		return http.StatusGatewayTimeout
	case CodeStopping:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
