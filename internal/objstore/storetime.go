package objstore

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// StoreTime tells the store's clock: what its Date header said, and the local
// time at which that came. An answer of the last minute is used, whatever its
// status; otherwise the bucket is asked. Date has a resolution of one second.
func (c *Client) StoreTime(ctx context.Context, bucket string) (store, local time.Time, err error) {
	d := c.sender.date.Load()
	if d == nil || time.Since(d.at).Abs() > time.Minute {
		asked := c.HeadBucket(ctx, bucket)
		next := c.sender.date.Load()
		if next == nil || next == d {
			if asked == nil {
				asked = fmt.Errorf("ask for the store's time: no Date in its answer")
			}
			return time.Time{}, time.Time{}, asked
		}
		d = next
	}
	store, err = http.ParseTime(d.date)
	if err != nil {
		return time.Time{}, time.Time{}, fmt.Errorf("read the store's time: %w", err)
	}
	return store, d.at, nil
}
