// Package session is how a request says whose it is: a token in the Authorization
// header for programs, a session in a cookie for browsers.
//
// It owns both ways, logging in and out, and the list of sessions. It refuses to know
// what the account may do. A request that has an Authorization header is judged by
// that alone: its cookies are not read. Start at [Gate].
//
// # Cookies
//
// Over TLS the session stands in __Host-zhitong (Secure, HttpOnly, SameSite=Lax,
// path /), which a browser takes from this very host only. On plain http from this
// machine itself, where browsers refuse such a cookie, it stands in zhitong_local
// without Secure; anywhere else passwords are not taken over plain http. Each name
// counts only where it is set.
package session
