package embeddedtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"zhitong/internal/embedded/embeddedtest"
)

func TestPostgresGivesEachTestADatabase(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("one", func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), embeddedtest.Postgres(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "CREATE TABLE only_here ()"); err != nil {
				t.Error(err)
			}
		})
	}
}
