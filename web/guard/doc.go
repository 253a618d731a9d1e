// Package guard stands before every handler of the web and keeps it safe to expose.
//
// It owns what is decided before anybody looks at what is asked: who is at the other
// end (an address, behind proxies that are trusted), how large, how slow and how
// often a request may be, which paths, hosts and methods make sense, that another
// site cannot make a browser write, which headers go out, what becomes of a panic,
// and the request's id in answers and log lines. It refuses to know roles, and leaves
// to whom it is told to identify who is asking. Start at [New].
package guard
