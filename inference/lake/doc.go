// Package lake keeps the service's sensor data: it finds a dataset's CSVs in a
// bucket, turns them into Parquet by component and day in the work bucket, says
// how good they are, and gives the rows back. It keeps no state of its own beside
// the objects, starts no jobs and knows no models.
package lake
