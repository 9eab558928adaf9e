package terminaltest

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The picture of a cell, in pixels, and its colours.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 10
	background = "#16181d"
	foreground = "#d8dce3"
	faint      = "#868d99"
)

// palette are the colours that a server uses, by their SGR number less 30.
var palette = map[int]string{1: "#f0716b", 2: "#7fc77a", 5: "#d58fe0", 6: "#5cc5c9"}

// SVG draws the window: text by cells, so that it looks the same in every font.
func (s *Screen) SVG() string {
	width, height := float64(s.width)*cellWidth+2*margin, s.height*cellHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%d\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n", width, height)
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"%s\"/>\n", background)
	for y := range s.height {
		for x := 0; x < s.width; {
			x += s.drawRun(&b, x, y)
		}
	}
	at := s.emulator.CursorPosition()
	fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" opacity=\"0.8\"/>\n</svg>\n",
		margin+float64(at.X)*cellWidth, margin+at.Y*cellHeight+1, cellWidth, cellHeight-2, foreground)
	return b.String()
}

// drawRun draws the cells from x on that look alike, and returns how many they are.
func (s *Screen) drawRun(b *strings.Builder, x, y int) int {
	first := s.emulator.CellAt(x, y)
	text, n := "", 0
	for x+n < s.width {
		c := s.emulator.CellAt(x+n, y)
		if c.Content != "" && (!c.Style.Equal(&first.Style) || (c.Width != 1 || first.Width != 1) && n > 0) {
			break
		}
		text += c.Content
		n++
	}
	reverse := first.Style.Attrs&uv.AttrReverse != 0
	if strings.TrimSpace(text) == "" && !reverse {
		return n
	}
	left, top := margin+float64(x)*cellWidth, margin+y*cellHeight
	ink := inkOf(first.Style)
	if reverse {
		fmt.Fprintf(b, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, top, float64(n)*cellWidth, cellHeight, ink)
		ink = background
	}
	weight := ""
	if first.Style.Attrs&uv.AttrBold != 0 {
		weight = " font-weight=\"bold\""
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\" fill=\"%s\"%s textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">%s</text>\n",
		left, top+cellHeight-5, ink, weight, float64(n)*cellWidth, html.EscapeString(text))
	return n
}

// inkOf returns the colour of text.
func inkOf(style uv.Style) string {
	if style.Attrs&uv.AttrFaint != 0 {
		return faint
	}
	if basic, ok := style.Fg.(ansi.BasicColor); ok {
		if ink, ok := palette[int(basic)]; ok {
			return ink
		}
	}
	if style.Fg == nil {
		return foreground
	}
	r, g, b, _ := color.RGBAModel.Convert(style.Fg).RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
