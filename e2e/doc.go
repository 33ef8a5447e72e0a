// Package e2e drives the built binary against a real S3 server through kills,
// outages, slow links and stepping clocks. It has only tests.
package e2e
