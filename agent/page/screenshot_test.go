//go:build peers

package page_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"millwright/agent/page"
	"millwright/agent/status"
	"millwright/agent/status/example"
	"millwright/internal/httpserve"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "make docs/screenshots anew")
	os.Exit(m.Run())
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// serve shows a snapshot as the daemon does, and gives the page's address.
func serve(t *testing.T, s status.Snapshot) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := httpserve.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := page.Handler(page.Options{
		Take:    func(context.Context) (status.Snapshot, error) { return s, nil },
		Hanging: func() string { return "" }, Log: zap.NewNop(),
	})
	ended := make(chan error, 1)
	go func() { ended <- httpserve.Serve(ctx, ln, "127.0.0.1:0", h, httpserve.Options{}, zap.NewNop()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String() + "/"
}

// TestInABrowser looks at the page of a plant in trouble as an engineer would,
// at a desk and on a phone, by day and by night.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	url := serve(t, example.Snapshot()) + "?refresh=0"
	b := start(t)
	for _, view := range []struct {
		name, scheme string
		width        int
	}{
		{"desktop", "light", 1280},
		{"phone", "light", 400},
		{"desktop-dark", "dark", 1280},
		{"phone-dark", "dark", 400},
		{"small-phone", "light", 320},
	} {
		b.open(url, view.width, view.scheme)
		if said := b.said(); len(said) > 0 {
			t.Errorf("%s: the browser complains: %s", view.name, strings.Join(said, "\n"))
		}
		var is struct {
			Scroll, Client, Cells, Bars, Text int
			Fill                              string
		}
		b.eval(`({scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth, text: document.body.innerText.length,
			cells: document.querySelectorAll(".strip li").length, bars: document.querySelectorAll(".sensors li").length,
			fill: getComputedStyle(document.querySelector("article")).backgroundColor})`, &is)
		if is.Scroll > is.Client {
			t.Errorf("%s: the page is %d wide in a window of %d", view.name, is.Scroll, is.Client)
		}
		if is.Cells != 2*status.StripLength || is.Bars != 6 || is.Text < 1000 || is.Fill == "rgba(0, 0, 0, 0)" {
			t.Errorf("%s: %+v", view.name, is)
		}
		shot := b.shot()
		look(t, view.name, shot, view.width)
		if updating() && view.name != "small-phone" {
			path := filepath.Join("..", "..", "docs", "screenshots", view.name+".png")
			if err := os.WriteFile(path, shot, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// look checks that a screenshot is a page and not a blank.
func look(t *testing.T, name string, shot []byte, width int) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	if size.X != width || size.Y < 900 {
		t.Errorf("%s: the screenshot is %v", name, size)
	}
	colours := map[[3]uint32]bool{}
	for y := 0; y < size.Y; y += 3 {
		for x := 0; x < size.X; x += 3 {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if len(colours) < 50 {
		t.Errorf("%s: the screenshot has %d colours", name, len(colours))
	}
}

// TestHostileNamesAreText shows what comes from files, buckets and services
// with markup in it: nothing of it becomes an element or runs.
func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;{{.}}</title></style>`
	s := example.Snapshot()
	s.Instance, s.StateDir = evil, evil
	s.Drops[evil] = 1
	s.Clock = status.Clock{Reason: evil}
	for i := range s.Attention {
		s.Attention[i] = status.Attention{About: evil, What: evil, Remedy: evil, Since: example.Now()}
	}
	for i := range s.Schedulers {
		sc := &s.Schedulers[i]
		sc.Name = evil
		for k := range sc.Components {
			sc.Components[k].Name = evil
		}
		for k := range sc.Windows {
			sc.Windows[k].Why, sc.Windows[k].Remedy, sc.Windows[k].Stage = evil, evil, status.Stage(fmt.Sprint(sc.Windows[k].Stage))
		}
		if sc.Latest != nil {
			sc.Latest.ID = evil
			for k := range sc.Latest.Top {
				sc.Latest.Top[k].Name = evil
			}
		}
	}
	s.Live.Build.Version, s.Live.Uploads.Failed[evil] = evil, 3
	for i := range s.Live.Sinks {
		s.Live.Sinks[i].Target, s.Live.Sinks[i].Error = evil, evil
	}
	url := serve(t, s) + "?refresh=0"
	b := start(t)
	b.open(url, 1280, "light")
	if said := b.said(); len(said) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(said, "\n"))
	}
	var found int
	b.eval(`document.querySelectorAll("script, img, [onerror], iframe, object, embed").length`, &found)
	if found != 0 {
		t.Errorf("%d elements that nobody wrote", found)
	}
	var heading string
	b.eval(`document.querySelector("h1").innerText`, &heading)
	if heading != evil {
		t.Errorf("the heading is %q", heading)
	}
}
