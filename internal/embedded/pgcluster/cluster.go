package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Superuser owns the cluster and everything in it.
	Superuser = "zhitong"
	// Reader is the role for psql and dashboards: it may only read.
	Reader = "zhitong_read"
	// Database is the one that the views are in.
	Database = "zhitong"

	port = "5432" // names the socket; there is no TCP
)

// Cluster is a private Postgres cluster.
type Cluster struct {
	// Home holds the cluster's data, its log, and the socket unless SocketDir
	// says otherwise. It belongs to Account.
	Home string
	// SocketDir holds the socket. The path of a socket has at most 107 bytes.
	SocketDir string
	Account   Account
	Binaries  Binaries
}

// Data is the folder that Postgres calls the data directory.
func (c *Cluster) Data() string { return filepath.Join(c.Home, "data") }

// SocketPath is the path of the socket.
func (c *Cluster) SocketPath() string { return filepath.Join(c.SocketDir, ".s.PGSQL."+port) }

// Exists says whether the cluster has been made.
func (c *Cluster) Exists() bool {
	_, err := os.Stat(c.Data())
	return err == nil
}

// LogFile is where the server writes what it has to say.
func (c *Cluster) LogFile() string { return filepath.Join(c.Home, "postgres.log") }

// Init makes the cluster when there is none. What an interrupted Init has left
// is thrown away: the data folder gets its name when it is complete. flags are
// added to initdb's.
func (c *Cluster) Init(ctx context.Context, flags ...string) error {
	if c.Exists() {
		return nil
	}
	unfinished := c.Data() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("throw an unfinished cluster away: %w", err)
	}
	args := append([]string{
		"--pgdata=" + unfinished, "--username=" + Superuser,
		"--encoding=UTF8", "--locale=C", "--auth=trust", "--no-instructions",
	}, flags...)
	cmd := exec.CommandContext(ctx, c.Binaries.path("initdb"), args...)
	c.Account.Use(cmd)
	cmd.Dir = c.Home
	cmd.Env = environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(unfinished, c.Data()); err != nil {
		return fmt.Errorf("name the new cluster: %w", err)
	}
	return nil
}

// Command is the postmaster's. settings are added to those that are needed.
func (c *Cluster) Command(settings ...string) []string {
	args := []string{c.Binaries.path("postgres"), "-D", c.Data()}
	for _, setting := range append([]string{
		"listen_addresses=",
		"unix_socket_directories=" + c.SocketDir,
		"unix_socket_permissions=0700",
		"port=" + port,
		"logging_collector=off",
		"log_destination=stderr",
		"jit=off",
		// A private cluster has no standby: what is made and filled in one transaction
		// is synced with it instead of being written twice.
		"wal_level=minimal",
		"max_wal_senders=0",
		"max_wal_size=2GB",
	}, settings...) {
		args = append(args, "-c", setting)
	}
	return args
}

// environment is what a server process sees: nothing of PG… variables, which
// would change what it does, and a fixed language for its messages.
func environment() []string {
	return []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
}

// DSN is how a role connects to a database, in libpq's keyword form.
func (c *Cluster) DSN(role, database string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable", quote(c.SocketDir), port, role, database)
}

// quote quotes a value of a keyword form.
func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// PingDatabase returns nil when the database takes connections.
func (c *Cluster) PingDatabase(ctx context.Context) error {
	return ping(ctx, c.DSN(Superuser, Database))
}

func ping(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, pingMax)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// pingMax bounds one question whether the server is there.
const pingMax = 5 * time.Second

// Prepare makes the database and the reading role when they are absent.
func (c *Cluster) Prepare(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, c.DSN(Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, step := range []struct{ exists, make string }{
		{`SELECT FROM pg_roles WHERE rolname = '` + Reader + `'`, `CREATE ROLE ` + Reader + ` LOGIN`},
		{`SELECT FROM pg_roles WHERE rolname = '` + Reader + `' AND rolconfig @> '{default_transaction_read_only=on}'`, `ALTER ROLE ` + Reader + ` SET default_transaction_read_only = on`},
		{`SELECT FROM pg_database WHERE datname = '` + Database + `'`, `CREATE DATABASE ` + Database},
	} {
		tag, err := conn.Exec(ctx, step.exists)
		if err == nil && tag.RowsAffected() == 0 {
			_, err = conn.Exec(ctx, step.make)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.make, err)
		}
	}
	return nil
}
