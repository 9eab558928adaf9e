package protocol

import "io"

const (
	// readerBytes is the size of a Reader's buffer: a few of the longest frames,
	// and a burst of some hundred ordinary ones.
	readerBytes = 4 * MaxFrame
	// emptyReads is how many reads in a row may bring neither a byte nor an
	// error before a Reader gives up with io.ErrNoProgress.
	emptyReads = 100
)

// Reader reads strings from a stream of frames. Its buffer has one size for
// good, whatever a header announces. It is not safe for concurrent use.
type Reader struct {
	src io.Reader
	buf []byte
	// start and end bound what was read and not yet returned.
	start, end int
	// err is how the stream ended; it is told when buf has no whole frame left.
	err error
}

// NewReader returns a Reader of r. It reads ahead, so nothing else may read
// from r afterwards.
func NewReader(r io.Reader) *Reader {
	return &Reader{src: r, buf: make([]byte, readerBytes)}
}

// ReadString returns the next string, valid until the next call. It reads as
// much as there is, so the frames of one burst cost one read. The error is
// io.EOF where the stream ended between two frames, io.ErrUnexpectedEOF where
// it ended inside one, ErrTooLong, or that of the reader underneath. After an
// error every further call returns it again.
func (r *Reader) ReadString() ([]byte, error) {
	for {
		s, rest, ok, err := Cut(r.buf[r.start:r.end])
		switch {
		case err != nil:
			return nil, err
		case ok:
			r.start = r.end - len(rest)
			return s, nil
		case r.err == io.EOF && r.start < r.end:
			return nil, io.ErrUnexpectedEOF
		case r.err != nil:
			return nil, r.err
		}
		r.fill()
	}
}

// fill moves the frame that was begun to the front of the buffer and reads
// once, as much as fits. An unfinished frame is shorter than MaxFrame, so there
// is always room.
func (r *Reader) fill() {
	r.end = copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	for range emptyReads {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		r.err = err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// Writer writes strings as frames. It is not safe for concurrent use.
type Writer struct {
	dst   io.Writer
	frame []byte
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{dst: w}
}

// WriteString writes s as one frame in one call of Write, so that a header
// never travels alone. Where s is longer than MaxString it writes nothing and
// returns ErrTooLong. After any other error the stream MUST NOT be written on:
// half a frame may have gone out.
func (w *Writer) WriteString(s string) error {
	frame, err := AppendFrame(w.frame[:0], s)
	if err != nil {
		return err
	}
	w.frame = frame
	n, err := w.dst.Write(frame)
	if err == nil && n < len(frame) {
		err = io.ErrShortWrite
	}
	return err
}
