package company

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"math"
)

// canvas is what pictures are drawn on.
type canvas struct {
	*image.RGBA
	noise [32]byte // of the file's name: bars and curves of two files differ
}

var (
	paper  = color.RGBA{0xfb, 0xfa, 0xf5, 0xff}
	ink    = color.RGBA{0x24, 0x3b, 0x3a, 0xff}
	green  = color.RGBA{0x2f, 0x8f, 0x7f, 0xff}
	orange = color.RGBA{0xe0, 0x7a, 0x2f, 0xff}
	grey   = color.RGBA{0xc9, 0xcf, 0xcb, 0xff}
	sky    = color.RGBA{0xb9, 0xda, 0xe6, 0xff}
)

// pictures are the kinds of pictures.
var pictures = map[string]func(canvas){
	"bike": bike, "bars": bars, "curve": curve, "boxes": boxes, "floor": floor, "portrait": portrait, "screen": screen,
	"longtail": longtail, "trike": trike,
}

func picture(draw func(canvas), name string) ([]byte, error) {
	c := canvas{image.NewRGBA(image.Rect(0, 0, 480, 300)), sha256.Sum256([]byte(name))}
	c.box(0, 0, 480, 300, paper)
	draw(c)
	var out bytes.Buffer
	err := png.Encode(&out, c)
	return out.Bytes(), err
}

func (c canvas) box(x0, y0, x1, y1 int, in color.RGBA) {
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			c.SetRGBA(x, y, in)
		}
	}
}

func (c canvas) frame(x0, y0, x1, y1 int, in color.RGBA) {
	c.line(x0, y0, x1, y0, in)
	c.line(x1, y0, x1, y1, in)
	c.line(x1, y1, x0, y1, in)
	c.line(x0, y1, x0, y0, in)
}

// line is three points wide.
func (c canvas) line(x0, y0, x1, y1 int, in color.RGBA) {
	steps := max(abs(x1-x0), abs(y1-y0), 1)
	for i := 0; i <= steps; i++ {
		x, y := x0+(x1-x0)*i/steps, y0+(y1-y0)*i/steps
		c.box(x-1, y-1, x+2, y+2, in)
	}
}

func (c canvas) ring(x, y, radius int, in color.RGBA) {
	for i := range 720 {
		a := float64(i) * math.Pi / 360
		dx, dy := x+int(math.Round(float64(radius)*math.Cos(a))), y+int(math.Round(float64(radius)*math.Sin(a)))
		c.box(dx-1, dy-1, dx+2, dy+2, in)
	}
}

func abs(n int) int { return max(n, -n) }

// wheel is a tyre with spokes.
func (c canvas) wheel(x, y, radius int) {
	for i := range 8 {
		a := float64(i) * math.Pi / 4
		c.line(x, y, x+int(float64(radius-1)*math.Cos(a)), y+int(float64(radius-1)*math.Sin(a)), grey)
	}
	c.ring(x, y, radius, ink)
}

// bike is a front loader from the side.
func bike(c canvas) {
	c.box(0, 235, 480, 300, grey)
	c.wheel(370, 190, 45)
	c.wheel(85, 200, 34)
	length := 10 + int(c.noise[0])%30
	c.line(85, 200, 290, 205, ink)
	c.box(110, 130, 215+length, 196, green)
	c.frame(110, 130, 215+length, 196, ink)
	c.rider(290, 205, 370, 190)
	c.line(303, 165, 240, 110, ink)
	c.line(240, 110, 225, 90, ink)
	c.line(225, 90, 250, 84, orange)
}

// rider is the part of a frame where somebody sits: crank, saddle and the way to the rear wheel.
func (c canvas) rider(crankX, crankY, wheelX, wheelY int) {
	c.line(crankX, crankY, crankX+30, crankY-95, ink)
	c.line(crankX, crankY, wheelX, wheelY, ink)
	c.line(crankX+30, crankY-95, wheelX, wheelY, ink)
	c.box(crankX+10, crankY-105, crankX+55, crankY-95, orange)
	c.ring(crankX, crankY, 12, orange)
}

// longtail has its load behind the rider.
func longtail(c canvas) {
	c.box(0, 235, 480, 300, grey)
	c.wheel(90, 195, 40)
	c.wheel(390, 195, 40)
	c.line(90, 195, 120, 100, ink)
	c.line(120, 100, 105, 84, orange)
	c.line(112, 125, 215, 205, ink)
	c.line(118, 110, 240, 130, ink)
	c.rider(215, 205, 390, 195)
	c.line(240, 135, 430, 135, ink)
	c.box(290, 100, 330, 134, green)
	c.box(350, 100, 390, 134, green)
	c.box(310, 140, 420, 180, sky)
	c.frame(310, 140, 420, 180, ink)
}

// trike has two wheels and a large box in front.
func trike(c canvas) {
	c.box(0, 235, 480, 300, grey)
	c.wheel(385, 190, 45)
	c.box(60, 105, 250, 195, green)
	c.frame(60, 105, 250, 195, ink)
	c.line(60, 120, 250, 120, ink)
	c.wheel(100, 200, 35)
	c.wheel(130, 200, 35)
	c.line(250, 180, 300, 205, ink)
	c.rider(300, 205, 385, 190)
	c.line(250, 115, 262, 80, ink)
	c.line(262, 80, 280, 78, orange)
}

// bars is a bar chart.
func bars(c canvas) {
	c.line(40, 20, 40, 260, ink)
	c.line(40, 260, 460, 260, ink)
	for i := range 9 {
		top := 250 - 40 - int(c.noise[i])*3/4
		fill := green
		if i%3 == 2 {
			fill = orange
		}
		c.box(60+i*44, top, 90+i*44, 259, fill)
	}
}

// curve is a measurement over time, with a limit.
func curve(c canvas) {
	c.line(40, 20, 40, 260, ink)
	c.line(40, 260, 460, 260, ink)
	c.line(40, 80, 460, 80, orange)
	y := 200
	for i := range 32 {
		next := 70 + (int(c.noise[i])+y)*170/430
		c.line(44+i*13, y, 57+i*13, next, green)
		y = next
	}
}

// boxes is a diagram of parts of a system.
func boxes(c canvas) {
	for i := range 6 {
		x, y := 30+(i%3)*155, 40+(i/3)*130+int(c.noise[i])%20
		if i%3 > 0 {
			c.line(x-40, y+35, x, y+35, ink)
		}
		if i >= 3 && c.noise[i+6]%2 == 0 {
			c.line(x+55, 40+70+int(c.noise[i-3])%20, x+55, y, ink)
		}
		fill := sky
		if c.noise[i]%3 == 0 {
			fill = orange
		}
		c.box(x, y, x+115, y+70, fill)
		c.frame(x, y, x+115, y+70, ink)
		c.box(x+15, y+18, x+60+int(c.noise[i])%40, y+25, ink)
		c.box(x+15, y+38, x+40+int(c.noise[i+1])%50, y+45, ink)
	}
}

// floor is a plan of rooms.
func floor(c canvas) {
	c.frame(30, 30, 450, 270, ink)
	wall := 150 + int(c.noise[0])%90
	c.line(wall, 30, wall, 180, ink)
	c.line(30, 180, 300, 180, ink)
	c.line(330, 180, 450, 180, ink)
	for i := range 5 {
		c.box(60+i*75, 205, 100+i*75, 245, grey)
	}
	for i := range 3 {
		c.box(wall+25, 50+i*42, wall+120, 70+i*42, sky)
	}
	c.box(300, 177, 330, 184, paper)
	c.box(50, 60, 90, 150, green)
}

// portrait is a head and shoulders.
func portrait(c canvas) {
	c.box(0, 0, 480, 300, sky)
	skin := color.RGBA{0xd9, 0xb3 - c.noise[0]%40, 0x90 - c.noise[0]%40, 0xff}
	c.box(222, 170, 258, 215, skin)
	c.disc(240, 290, 95, green)
	c.box(145, 288, 335, 300, green)
	c.disc(240, 112, 66, ink) // hair, and the face before it
	c.disc(240, 128, 58, skin)
	c.disc(218, 120, 6, ink)
	c.disc(262, 120, 6, ink)
	for x := -24; x <= 24; x++ {
		y := 160 - x*x/60
		c.box(240+x-1, y-1, 240+x+2, y+2, orange)
	}
}

func (c canvas) disc(x, y, radius int, in color.RGBA) {
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			if dx*dx+dy*dy <= radius*radius {
				c.SetRGBA(x+dx, y+dy, in)
			}
		}
	}
}

// screen is a window of the portal.
func screen(c canvas) {
	c.box(20, 20, 460, 280, color.RGBA{0xff, 0xff, 0xff, 0xff})
	c.box(20, 20, 460, 48, ink)
	c.box(20, 48, 120, 280, grey)
	for i := range 6 {
		c.box(34, 66+i*32, 80+int(c.noise[i])%30, 74+i*32, ink)
	}
	c.box(140, 66, 440, 170, sky)
	for i := range 7 {
		x, y := 160+int(c.noise[i])*260/256, 76+int(c.noise[i+8])*84/256
		c.box(x-4, y-4, x+5, y+5, orange)
	}
	for i := range 4 {
		c.box(140, 186+i*22, 260+int(c.noise[i+16])*170/256, 198+i*22, green)
	}
}
