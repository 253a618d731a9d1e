package projector

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"zhitong/projections/migration"
)

// Keys of advisory locks; they are the database's.
const (
	lockMigrate = 369_001 // for the transaction of a migration
	lockLead    = 369_002 // held by the session of the active projector
	lockRebuild = 369_003 // held by the session of a rebuild
)

const createMigrationTable = `
CREATE SCHEMA IF NOT EXISTS zhitong_projector;
CREATE TABLE IF NOT EXISTS zhitong_projector.migration (
	number   integer PRIMARY KEY,
	name     text NOT NULL,
	checksum text NOT NULL
)`

// ErrDatabase says that the database was migrated by another program: a newer one,
// or one with other texts.
var ErrDatabase = errors.New("the database is not this program's")

// migrate brings the projector's own tables to the state of this program. A
// migration that was applied from another text is refused, and so is a database
// of a newer program.
func migrate(ctx context.Context, conn *pgconn.PgConn) error {
	all, err := migration.All()
	if err != nil {
		return err
	}
	return transact(ctx, conn, "BEGIN", func() error {
		if err := run(ctx, conn, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", lockMigrate)); err != nil {
			return err
		}
		have, err := query(ctx, conn, "SELECT to_regclass('zhitong_projector.migration') IS NOT NULL")
		if err != nil {
			return err
		}
		if have[0][0].Text != "t" {
			if err := run(ctx, conn, createMigrationTable); err != nil {
				return err
			}
		}
		return migrateFrom(ctx, conn, all)
	})
}

func migrateFrom(ctx context.Context, conn *pgconn.PgConn, all []migration.Migration) error {
	applied, err := query(ctx, conn, "SELECT number, name, checksum FROM zhitong_projector.migration ORDER BY number")
	if err != nil {
		return err
	}
	if len(applied) > len(all) {
		return fmt.Errorf("%w: it was migrated to step %d by a newer program; this one knows %d", ErrDatabase, len(applied), len(all))
	}
	for i, m := range all {
		if i < len(applied) {
			if applied[i][0].Text != strconv.Itoa(m.Number) || applied[i][2].Text != m.Checksum {
				return fmt.Errorf("%w: migration %s was applied from another text", ErrDatabase, m.Name)
			}
			continue
		}
		if err := run(ctx, conn, m.SQL); err != nil {
			return fmt.Errorf("migration %s: %w", m.Name, err)
		}
		if _, err := query(ctx, conn, "INSERT INTO zhitong_projector.migration (number, name, checksum) VALUES ($1, $2, $3)",
			m.Number, m.Name, m.Checksum); err != nil {
			return err
		}
	}
	return nil
}
