package embedded

import (
	"errors"
	"fmt"
	"os"
)

// owned is what the owner of a data folder runs.
type owned struct {
	folder folder
	lock   *fileLock
	server *Server
	opened bool // the server holds what the files hold
	bridge *bridge
}

// own starts the log server and the bridge to it, after a look at the files that the
// server is to open; damaged ones are a *DamagedError. It takes the lock, which it
// gives back when it fails, after everything that touches the store has ended.
func own(f folder, lock *fileLock, opts Options) (o *owned, err error) {
	o = &owned{folder: f, lock: lock}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.disown())
			o = nil
		}
	}()
	if err := lock.sign(); err != nil {
		return o, err
	}
	if err := os.MkdirAll(f.store(), 0o700); err != nil {
		return o, fmt.Errorf("make the store's folder: %w", err)
	}
	if err := dropUnmade(f); err != nil {
		return o, err
	}
	reports, err := checkStore(f)
	if err != nil {
		return o, err
	}
	if err := setAside(f); err != nil {
		return o, err
	}
	if o.server, err = startServer(f.store(), 0, !opts.NoSync, opts.Logger); err != nil {
		return o, err
	}
	if err := checkOpened(f, o.server, reports); err != nil {
		return o, err
	}
	o.opened = true
	o.bridge, err = openBridge(f, o.server)
	return o, err
}

// disown ends everything and then gives the lock back, so that whoever takes
// over finds a store that nobody writes to. On nil it does nothing.
func (o *owned) disown() error {
	if o == nil {
		return nil
	}
	var err error
	if o.bridge != nil {
		err = o.bridge.close()
	}
	if o.server != nil {
		o.server.Shutdown()
	}
	if o.opened {
		err = errors.Join(err, noteLast(o.folder))
	}
	return errors.Join(err, o.lock.release())
}
