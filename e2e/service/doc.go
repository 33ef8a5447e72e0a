// Package service drives `millwright serve` as those do who had scripts for the
// service that it takes the place of: with the AWS CLI, the AWS SDK for Go v1, an
// agent that uploads windows, and clients that mean no good. It has only tests.
package service
