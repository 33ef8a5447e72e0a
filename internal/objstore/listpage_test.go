package objstore

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// As several stores write it.
const (
	awsPage = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>plant</Name><Prefix>in/</Prefix><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>` +
		`<Contents><Key>in/pump_20260105100000.csv</Key><LastModified>2026-01-05T10:00:12.000Z</LastModified><ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>` +
		`<Contents><Key>in/a&amp;b&lt;c</Key><LastModified>2026-01-05T10:05:12Z</LastModified><ETag>&#34;x-2&#34;</ETag><Size>0</Size><Owner><ID>7</ID><DisplayName>Key</DisplayName></Owner></Contents></ListBucketResult>`
	indentedPage = `<ListBucketResult>
  <Name>plant</Name>
  <IsTruncated>false</IsTruncated>
  <Contents>
    <Key>in/k.csv</Key>
    <Size>12</Size>
    <ETag>"5d41402abc4b2a76b9719d911017c592"</ETag>
    <Owner>
      <ID>1</ID>
    </Owner>
  </Contents>
  <CommonPrefixes><Prefix>in/more/</Prefix></CommonPrefixes>
</ListBucketResult>
`
)

func TestPagesAreScanned(t *testing.T) {
	t.Parallel()
	for _, text := range []string{awsPage, indentedPage, `<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>`} {
		got, ok := scanPage([]byte(text), nil)
		want, err := decodePage([]byte(text), nil)
		if !ok || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%t %v\n got %+v\nwant %+v", ok, err, got, want)
		}
	}
	p, _ := scanPage([]byte(awsPage), nil)
	want := listPage{
		objects: []Info{
			{Key: "in/pump_20260105100000.csv", Size: 434234, ETag: "fba9dede5f27731c9771645a39863328", LastModified: time.Date(2026, 1, 5, 10, 0, 12, 0, time.UTC)},
			{Key: "in/a&b<c", ETag: "x-2", LastModified: time.Date(2026, 1, 5, 10, 5, 12, 0, time.UTC)},
		},
		more: true, next: "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=",
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("%+v", p)
	}
}

func TestUnusualPagesAreDecoded(t *testing.T) {
	t.Parallel()
	for _, contents := range []string{
		`<Contents><Key>é</Key><Size>1</Size></Contents>`,
		`<Contents><Key>&#233;</Key><Size>1</Size></Contents>`,
		`<Contents><Key><![CDATA[é]]></Key><Size>1</Size></Contents>`,
		`<Contents><Key encoding="none">é</Key><!-- one --><Size> 1 </Size></Contents>`,
	} {
		p, err := readPage([]byte(`<ListBucketResult>`+contents+`</ListBucketResult>`), nil)
		if err != nil || len(p.objects) != 1 || p.objects[0].Key != "é" || p.objects[0].Size != 1 {
			t.Errorf("%s: %v %+v", contents, err, p)
		}
	}
}

func TestWhatIsNoListingIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "welcome", `<html><body>Log in to the guest network</body></html>`, awsPage[:len(awsPage)-40],
		`<ListBucketResult><Contents><Key>a</Key><Size>many</Size></Contents></ListBucketResult>`,
	} {
		if p, err := readPage([]byte(text), nil); err == nil {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
}

// Whatever is scanned is what encoding/xml reads.
func TestScanningIsDecoding(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"<Contents>", "</Contents>", "<Contents/>", "<Key>", "</Key>", "<Size>", "</Size>", "12", "-1", "<ETag>", "</ETag>", "<IsTruncated>", "</IsTruncated>", "true",
		"<NextContinuationToken>", "</NextContinuationToken>", "<Owner>", "</Owner>", " ", "\n", "\r\n", "a", "&amp;", "&#34;", "&#10;", "&#300;", "&no;", "é", "\x01", "]]>",
		"<!-- -->", "<![CDATA[", "<a:Key>", "</a:Key>", `<Key a="b">`, "<ListBucketResult>", "</ListBucketResult>",
		"<Key>k</Key>", "<Size>3</Size>", "<ETag>\"e\"</ETag>", "<LastModified>2026-01-05T10:00:12Z</LastModified>", "<Contents><Key>k</Key></Contents>",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces"), "")
		if rapid.Bool().Draw(t, "inside") {
			text = "<ListBucketResult>" + text + "</ListBucketResult>"
		}
		sameAsDecoded(t, text)
	})
}

func FuzzListPage(f *testing.F) {
	f.Add(awsPage)
	f.Add(indentedPage)
	f.Add("<ListBucketResult><0><")
	f.Add("<?xml ><ListBucketResult></ListBucketResult>")
	f.Add("<ListBucketResult xmlns=\"<\"></ListBucketResult>")
	f.Add("<ListBucketResult xmlns=\"></ListBucketResult>")
	f.Fuzz(func(t *testing.T, text string) { sameAsDecoded(t, text) })
}

func sameAsDecoded(t rapid.TB, text string) {
	t.Helper()
	got, ok := scanPage([]byte(text), nil)
	if !ok {
		return
	}
	want, err := decodePage([]byte(text), nil)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q\n got %+v\nwant %+v %v", text, got, want, err)
	}
}

func BenchmarkListPage(b *testing.B) {
	var text strings.Builder
	text.WriteString(xml.Header + `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>plant</Name><IsTruncated>false</IsTruncated>`)
	for i := range 1000 {
		fmt.Fprintf(&text, `<Contents><Key>in/c%04d_20260105100000.csv</Key><LastModified>2026-01-05T10:00:12.000Z</LastModified><ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>56000</Size><StorageClass>STANDARD</StorageClass></Contents>`, i)
	}
	text.WriteString(`</ListBucketResult>`)
	body := []byte(text.String())
	for name, read := range map[string]func() (listPage, bool){
		"scanned": func() (listPage, bool) { return scanPage(body, nil) },
		"decoded": func() (listPage, bool) { p, err := decodePage(body, nil); return p, err == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p, ok := read(); !ok || len(p.objects) != 1000 {
					b.Fatal("not read")
				}
			}
		})
	}
}
