// Package seal turns taken rows into windows: it decides when a window is due,
// merges and resamples its rows, puts its CSV on the shelf or into the spool,
// seals it again while rows still come in time, and in the end accounts for every
// row and lets its blocks go. It reads no drops, sends nothing and starts no loop.
//
// The rules in short; S is a window's start, F the upload frequency, r the
// sampling rate, W the wake-up:
//
//   - A window's CSV is a pure function of the blocks with a drop ID of at most
//     SealedSeq, of the carry that folded blocks left behind, of the sensors
//     known and of the settings. Order of arrival has no part in it, but for
//     conflicts between paths.
//   - Conflict: per timestamp and sensor the path that was taken first wins (or
//     last, if so configured), of one path the newest version, of one drop the
//     first line.
//   - Hold: an empty bin gets the last raw value before the bin's end, for at
//     most max_gap, wherever that value lies: windows before, late rows, or
//     blocks released long ago.
//   - Due: when the watermark has reached S+F; at the latest at W - margin,
//     with rows or without. Nothing of a component is sealed while a settled
//     drop of it is unread.
//   - Sealed anew: when a drop brought rows for the window, or rows before it
//     whose values are held in it, or a sensor that was unknown. At most once
//     in ten seconds and once at the latest time, until the cut-off. The same
//     bytes are no new generation.
//   - Silent: a window without a single cell has no file, only a record. It is
//     said at once, and it stays open for rows that come after all.
//   - Overdue: a window without a file at W is sealed once no drop waits and no
//     row came for it for F, of held values only too, and also if W passed while
//     no process ran. Until it is in the bucket it may be sealed anew.
//   - Done: sealed, past W and verified in the bucket. Rows that come from then
//     on, or came after the cut-off, are late.
//   - Release: when every stream that covers a slot is done with it, the slot's
//     rows are accounted for: late ones are appended to late/, values that lost
//     a conflict to repeats/, then one ledger transaction counts them, records
//     the lengths of those files and releases the blocks.
//
// While the clock is unsettled only the watermark seals; what wall time decides
// waits.
//
// Crashes: a CSV that was only on the shelf is made again when it is asked for,
// of the drops up to SealedSeq and nothing else. One in the spool without its
// record is written again by the next sealing, under the same name. What follows the committed length of an
// append-only file was written by a step that was not committed: it is cut off
// before anything is appended, so no line is ever doubled.
package seal
