package embedded

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"zhitong/internal/embedded/blocks"
)

// owned is what the owner of a data folder runs.
type owned struct {
	folder        folder
	lock          *fileLock
	server        *Server
	opened        bool // the server holds what the files hold
	bridge        *bridge
	stop, watched chan struct{} // end the watch; closed when it has ended
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
	reports, err := checkStore(f)
	if err != nil {
		return o, err
	}
	if err := setAside(f); errors.Is(err, syscall.ENOSPC) {
		// The files are whole, and the log can be read though nothing can be written.
		err = dropAside(f)
		opts.Note("the disk is full: the log's files are not set aside while the log server opens them")
		if err != nil {
			return o, err
		}
	} else if err != nil {
		return o, err
	}
	server := newServer(f.store(), opts.Logger)
	server.syncAlways = !opts.NoSync
	if opts.free != nil {
		server.free = opts.free
	}
	if err := server.start(0); err != nil {
		return o, err
	}
	o.server = server
	if err := checkOpened(f, o.server, reports); err != nil {
		return o, err
	}
	o.opened = true
	if o.bridge, err = openBridge(f, o.server); err != nil {
		return o, err
	}
	o.stop, o.watched = make(chan struct{}), make(chan struct{})
	go o.watch(opts)
	return o, nil
}

// watch starts the server anew when it has stood still for want of room and there is
// room again: by itself it does not go on.
func (o *owned) watch(opts Options) {
	defer close(o.watched)
	look := time.NewTicker(roomLookEvery)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-o.stop:
			return
		}
		switch {
		case o.server.takeBroken():
			opts.Note("the log server could not write: it is started anew, so that it answers again")
		case o.server.roomAgain():
			opts.Note("there is room on the disk again: the log server is started anew")
		default:
			continue
		}
		var reports []*blocks.Report
		err := o.server.restart(func() (err error) {
			reports, err = checkStore(o.folder)
			return err
		})
		if err == nil {
			err = checkOpened(o.folder, o.server, reports)
		}
		if err != nil {
			opts.Note(fmt.Sprintf("the log server does not start: %v", err))
		}
	}
}

// disown ends everything and then gives the lock back, so that whoever takes
// over finds a store that nobody writes to. On nil it does nothing.
func (o *owned) disown() error {
	if o == nil {
		return nil
	}
	var err error
	if o.stop != nil {
		close(o.stop)
		<-o.watched
	}
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
