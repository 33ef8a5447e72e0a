// Package lake keeps the service's sensor data: it finds a dataset's CSVs in a
// bucket, turns them into Parquet by component and day in the work bucket, says
// how good they are, and gives the rows back. It keeps no state of its own beside
// the objects, starts no jobs and knows no models.
//
// # The work bucket
//
// A file of a dataset becomes, by its place in the listing, a hash of its bucket,
// key and ETag, and the parts in which it was read:
//
//	datasets/{dataset}/{ingestion}/{component}/{yyyy-MM-dd}/{seq}-{hash}-{part}.parquet
//	datasets/{dataset}/{ingestion}/manifests/{seq}-{hash}/{part}.json  while it is read, if it has several parts
//	datasets/{dataset}/{ingestion}/manifests/{seq}-{hash}.json         last of all: a Manifest
//
// What schedulers have seen is first an object for each execution, with columns
// called component\sensor, then one for each component and day:
//
//	inference/{model}/windows/{yyyy-MM-dd}/{start}.parquet
//	inference/{model}/{component}/{yyyy-MM-dd}/{hash of the inputs' keys}.parquet
//	inference/{model}/manifests/{yyyy-MM-dd}-{hash}.json               last of all: a Compaction
//
// Parquet objects hold rows as they were read, in the order of time: "timestamp"
// (ns, UTC) and an optional double for each sensor, in row groups of about a
// million cells, Snappy, without statistics. Of rows with the same stamp those
// that came first in the file come first. The same input gives the same bytes, so
// that whatever was interrupted can be done again.
//
// # Which value counts
//
// Of several values of a sensor with the same stamp that counts which comes first:
// in a file, then in the order of the files' keys. Where both the dataset and what
// schedulers have seen have a value in a bin of the grid, the dataset's counts.
package lake
