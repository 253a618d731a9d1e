package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"zhitong/internal/embedded/pgcluster"
)

const (
	// postgresStartMax bounds one start, with a recovery after a crash.
	postgresStartMax = 2 * time.Minute
	// postgresStopMax is how long a clean end may take before it is forced.
	postgresStopMax = 20 * time.Second
	// postgresLookEvery is the pace at which a process that needs Postgres looks
	// whether it has to run it, and one that waits for it asks again.
	postgresLookEvery = 100 * time.Millisecond
	// postgresCalmAfter is how long a postmaster must have lived for its end to
	// be an accident; one that ends earlier is started again after a growing
	// pause of up to postgresPauseMax.
	postgresCalmAfter = 10 * time.Second
	postgresPauseMax  = 10 * time.Second
)

// keeper sees to it that a process that has asked for Postgres has it: by
// waiting for the process that runs it, or by running it when none does.
//
// Whoever holds postgres.lock runs the postmaster; everyone who has asked holds
// a share of postgres.users. A runner that ends leaves the postmaster running
// when somebody else holds a share, who takes the lock and adopts it; otherwise
// it ends it.
type keeper struct {
	i *Instance

	mu     sync.Mutex
	share  *fileLock     // guarded by mu; held from the first question to leave
	done   chan struct{} // guarded by mu; closed when the running work has ended
	failed error         // guarded by mu; why it has, until it begins again

	// Only the work, and leave after it, use these.
	lock       *fileLock
	postmaster *pgcluster.Postmaster
}

func (k *keeper) setUp(i *Instance) { k.i = i }

// Postgres returns how to connect to the database as its owner. With the private
// cluster it starts that first if need be, and from then on keeps it running for
// as long as the instance lives: when it dies, or when the process that ran it
// ends, it comes back at the same address. It returns ErrNoBinaries of package
// pgcluster when no server is installed.
func (i *Instance) Postgres(ctx context.Context) (dsn string, err error) {
	if i.opts.PostgresURL != "" {
		return i.opts.PostgresURL, nil
	}
	return i.postgresAs(ctx, pgcluster.Superuser)
}

// ReadOnlyDSN is Postgres for psql and dashboards: a role that may not write.
// What it may read is what has been granted to zhitong_read. With PostgresURL it
// is that address with read-only transactions.
func (i *Instance) ReadOnlyDSN(ctx context.Context) (dsn string, err error) {
	if i.opts.PostgresURL != "" {
		return readOnly(i.opts.PostgresURL), nil
	}
	return i.postgresAs(ctx, pgcluster.Reader)
}

func (i *Instance) postgresAs(ctx context.Context, role string) (string, error) {
	cluster, err := i.postgres.await(ctx)
	if err != nil {
		return "", fmt.Errorf("private postgres: %w", err)
	}
	return cluster.DSN(role, pgcluster.Database), nil
}

// await returns the cluster once the database answers.
func (k *keeper) await(ctx context.Context) (*pgcluster.Cluster, error) {
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	for {
		cluster, err := readNote(k.i.folder)
		if err == nil {
			if err = cluster.PingDatabase(ctx); err == nil {
				return cluster, nil
			}
		}
		if why := k.failure(); why != nil {
			return nil, why
		}
		if pauseErr := pause(ctx, postgresLookEvery/4); pauseErr != nil {
			return nil, errors.Join(pauseErr, err)
		}
	}
}

// begin has the work going.
func (k *keeper) begin(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.i.life.Err() != nil {
		return errClosed
	}
	if k.share == nil {
		share, err := awaitLock(ctx, func() (*fileLock, error) { return tryShare(k.i.folder.postgresUsers()) })
		if err != nil {
			return err
		}
		k.share = share
	}
	if k.done != nil && k.failed == nil {
		return nil
	}
	if k.done != nil {
		<-k.done // it has failed, and is about to be over
	}
	k.failed = nil
	k.done = make(chan struct{})
	go k.work(k.done)
	return nil
}

func (k *keeper) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}

// work takes the lock when it is free, and then runs Postgres until the instance
// ends. It fails only when Postgres cannot be started at all.
func (k *keeper) work(done chan struct{}) {
	defer close(done)
	err := k.run(k.i.life)
	if k.i.life.Err() != nil {
		return
	}
	err = errors.Join(err, k.lock.release())
	k.lock = nil
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed = err
}

func (k *keeper) run(life context.Context) error {
	for {
		lock, err := tryLock(k.i.folder.postgresLock())
		if err == nil {
			k.lock = lock
			break
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		if err := pause(life, postgresLookEvery); err != nil {
			return err
		}
	}
	if err := k.lock.sign(); err != nil {
		return err
	}
	cluster, err := k.openCluster(life)
	if err != nil {
		return err
	}
	return k.supervise(life, cluster)
}

// supervise starts the postmaster, and again whenever it has ended.
func (k *keeper) supervise(life context.Context, cluster *pgcluster.Cluster) error {
	rest := postgresLookEvery
	for restarted := false; ; restarted = true {
		if err := k.start(life, cluster); err != nil {
			if !restarted {
				return err
			}
			k.i.opts.Note(fmt.Sprintf("postgres does not start again: %v", err))
		}
		began := time.Now()
		if k.postmaster != nil {
			select {
			case <-k.postmaster.Done():
				k.i.opts.Note("postgres has ended unexpectedly; it is started again")
			case <-life.Done():
				return life.Err()
			}
		}
		if time.Since(began) >= postgresCalmAfter {
			rest = postgresLookEvery
			continue
		}
		if err := pause(life, rest); err != nil {
			return err
		}
		rest = min(2*rest, postgresPauseMax)
	}
}

// start starts the postmaster or adopts it, and notes where it is.
func (k *keeper) start(life context.Context, cluster *pgcluster.Cluster) error {
	ctx, cancel := context.WithTimeout(life, postgresStartMax)
	defer cancel()
	var err error
	k.postmaster, err = cluster.Start(ctx, "max_connections=100", "shared_buffers=128MB", "wal_level=minimal", "max_wal_senders=0", "cluster_name=zhitong")
	if err != nil {
		return err
	}
	return cluster.Prepare(ctx)
}

// leave ends the work and gives up the share. The last one out ends Postgres,
// also one that a killed process has left.
func (k *keeper) leave() (err error) {
	k.mu.Lock()
	share, done := k.share, k.done
	k.mu.Unlock()
	if done != nil {
		<-done
	}
	defer func() { err = errors.Join(err, k.lock.release()) }()
	if err := share.release(); err != nil {
		return err
	}
	cluster, err := readNote(k.i.folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil // there never was one
	}
	if err != nil {
		return err
	}
	last, err := tryLock(k.i.folder.postgresUsers())
	if errors.Is(err, errLocked) {
		return nil // whoever it is ends it
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, last.release()) }()
	return k.endPostgres(cluster)
}

// endPostgres ends the postmaster, this process's or a stranger's, for nobody
// needs it.
func (k *keeper) endPostgres(cluster *pgcluster.Cluster) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), postgresStopMax)
	defer cancel()
	if k.lock == nil {
		if k.lock, err = awaitLock(ctx, func() (*fileLock, error) { return tryLock(k.i.folder.postgresLock()) }); err != nil {
			return err
		}
	}
	if k.postmaster == nil {
		if k.postmaster, err = cluster.Adopt(); err != nil || k.postmaster == nil {
			return err
		}
	}
	return k.postmaster.Stop(ctx)
}
