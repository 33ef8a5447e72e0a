package s3gate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
)

const (
	maxKeys    = 1000    // of one request to delete, as S3 has it
	maxDelete  = 2 << 20 // bytes of its body
	maxBuckets = 4 << 20 // bytes of a list of buckets
)

// keysAllowed decides on a request that names many keys in its body.
func keysAllowed(r *http.Request, who Access, bucket string) error {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxDelete))
	if err != nil {
		return invalid("The keys to delete cannot be read, or are more than %d bytes.", maxDelete)
	}
	var list struct {
		XMLName xml.Name               `xml:"Delete"`
		Objects []struct{ Key string } `xml:"Object"`
	}
	if err := onlyXML(body, &list); err != nil || len(list.Objects) > maxKeys {
		return &denial{http.StatusBadRequest, "MalformedXML", "The keys to delete cannot be read, or are more than 1000."}
	}
	for _, o := range list.Objects {
		if err := plain(o.Key); err != nil {
			return err
		}
		if o.Key == "" || !who.MayWrite(bucket, o.Key) {
			return denied("%s/%.200s is not among the places that this key may write.", bucket, o.Key)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// onlyXML reads a document with nothing before and nothing behind it, where another
// reader could look for the keys.
func onlyXML(text []byte, v any) error {
	if !bytes.HasPrefix(text, []byte("<")) {
		return errors.New("not at its begin")
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(v); err != nil {
		return err
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		return errors.New("more behind its end")
	}
	return nil
}

// buckets is the answer to a request for all of them.
type buckets struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	Owner   *struct {
		ID          string
		DisplayName string `xml:",omitempty"`
	} `xml:",omitempty"`
	Buckets struct {
		Bucket []bucketLine
	}
	ContinuationToken string `xml:",omitempty"`
	Prefix            string `xml:",omitempty"`
}

type bucketLine struct {
	Name         string
	CreationDate string
	BucketRegion string `xml:",omitempty"`
}

// onlyOwn takes buckets that are not among the places of a key out of the list.
func onlyOwn(resp *http.Response) error {
	r := resp.Request
	who, _ := r.Context().Value(accessOf{}).(Access)
	if r.URL.Path != "/" || r.Method != http.MethodGet || resp.StatusCode != http.StatusOK || who == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBuckets))
	if err != nil {
		return err
	}
	var list buckets
	if err := xml.Unmarshal(body, &list); err != nil {
		return err
	}
	list.Buckets.Bucket = slices.DeleteFunc(list.Buckets.Bucket, func(b bucketLine) bool { return !who.MaySee(b.Name) })
	text, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	text = append([]byte(xml.Header), text...)
	_ = resp.Body.Close()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	resp.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}
