// Package embedded gives the program its log server and its database when
// nothing is configured, so that one binary is enough: a NATS server in the
// process and a private Postgres, both on one data folder.
//
// It owns who of several processes on one folder runs the servers. The first
// owns NATS; the others reach it through a socket in the folder; when the owner
// ends, however it ends, one that is still at work takes over within its own
// reconnect loop. Whoever runs Postgres does so under a lock of its own, and the
// last that needs it ends it. It refuses to know what is stored. Start at [Open].
//
// # The data folder
//
//	owner.lock       locked by the owner of NATS; holds its process number
//	bridge           the path of the socket that leads to the owner
//	run/             the socket, unless its path would be too long
//	nats/            the store; heads.json in it says how far the logs had gone
//	nats-aside/      the store's files, while the broker opens it
//	nats-damaged/    damaged files as they were before they were mended
//	postgres.json    where the cluster and its socket are
//	postgres.seed    with the path, names a cluster that lives elsewhere
//	postgres.lock    locked by the process that runs Postgres
//	postgres.users   locked, shared, by every process that needs it
//	postgres/        the cluster (as root: /var/lib/zhitong/HASH)
//
// A lock is the kernel's (flock): it ends with its process, also by kill -9.
package embedded
