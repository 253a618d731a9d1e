// Package bench measures this machine: how fast commands become durable, beside
// the raw floor of the broker on the same bytes in the same run, and how fast the
// views are rebuilt.
//
// It owns the workloads and the arithmetic of the figures. It refuses to start
// servers or choose folders: it is handed an application on an empty log. The
// figures are of this machine at this moment; the settings stand beside them.
// Start at [Append] and [Rebuild].
package bench
