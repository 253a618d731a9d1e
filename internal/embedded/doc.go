// Package embedded gives the program its NATS server and its Postgres when
// nothing is configured, so that one binary is enough.
package embedded
