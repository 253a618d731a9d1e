package projections

// DB holds rows of one projection's tables: all of them ([NewMemory]), or those
// that were needed lately ([NewCached]). It belongs to one goroutine.
type DB struct {
	stores map[*Schema]store
	order  []store

	source   Source // nil: what is not in memory does not exist
	cacheMax int
	tracked  bool  // wholly in memory, and yet touched rows are noted
	failed   error // what the source answered; see Apply
}

// Source is where a cached [DB] finds the rows that it does not hold.
type Source interface {
	// Row returns the row with the given key, or nil when there is none.
	Row(s *Schema, key []Value) ([]Value, error)
	// All calls fn with every row of a table that is small enough to be held
	// whole, and otherwise returns false.
	All(s *Schema, fn func([]Value) error) (bool, error)
}

// NewMemory returns an empty DB that is wholly in memory.
func NewMemory(p *Projection) *DB {
	db := &DB{stores: make(map[*Schema]store, len(p.Tables))}
	for _, t := range p.Tables {
		st := t.newRows(db)
		db.stores[t.Schema()] = st
		db.order = append(db.order, st)
	}
	return db
}

// NewCached returns a DB over source that keeps up to about rowsMax rows of a
// table from one [DB.Saved] to the next.
func NewCached(p *Projection, source Source, rowsMax int) *DB {
	db := NewMemory(p)
	db.source, db.cacheMax = source, rowsMax
	return db
}

// Changes is what happened to one table since the last [DB.Saved].
type Changes struct {
	Schema *Schema
	Upsert [][]Value // whole rows, in the order in which they were first touched
	Delete [][]Value // keys
	// Rows and Digest are the differences in the number of rows and in the digest.
	Rows   int64
	Digest Digest
}

// Empty reports whether there is nothing to write.
func (c Changes) Empty() bool { return len(c.Upsert)+len(c.Delete) == 0 }

// Changes returns the changes of every table, in the order of declaration. It
// fails when a row can't be written as its columns say, which is a fault of the
// fold.
func (db *DB) Changes() ([]Changes, error) {
	all := make([]Changes, len(db.order))
	for i, st := range db.order {
		c, err := st.changes()
		if err != nil {
			return nil, err
		}
		all[i] = c
	}
	return all, nil
}

// Track lets a DB that is wholly in memory note which rows are touched from now
// on, for [DB.Touched].
func (db *DB) Track() { db.tracked = true }

// Touched calls fn with every row that was touched since [DB.Track] or the last
// Touched, as it is now; of one that is gone, with its key. A nil fn forgets them.
func (db *DB) Touched(fn func(s *Schema, row []Value, gone bool) error) error {
	for _, st := range db.order {
		if err := st.touched(fn); err != nil {
			return err
		}
	}
	return nil
}

// Put puts a row into a DB that is wholly in memory, in the place of the one with
// its key.
func (db *DB) Put(s *Schema, row []Value) error { return db.stores[s].put(row) }

// Drop removes the row with the key from a DB that is wholly in memory.
func (db *DB) Drop(s *Schema, key []Value) error { return db.stores[s].drop(key) }

// Saved says that what [DB.Changes] returned is written.
func (db *DB) Saved() {
	for _, st := range db.order {
		st.saved()
	}
}

// Reset forgets all rows held, also changes that were not written.
func (db *DB) Reset() {
	for _, st := range db.order {
		st.reset()
	}
	db.failed = nil
}

// Rows calls fn with every row held of the table, ordered by key, until fn fails.
func (db *DB) Rows(s *Schema, fn func([]Value) error) error { return db.stores[s].sorted(fn) }

// Len is the number of rows held of the table.
func (db *DB) Len(s *Schema) int { return db.stores[s].len() }

// Digest reckons the digest of the rows held of the table.
func (db *DB) Digest(s *Schema) (Digest, error) {
	var d Digest
	var line []byte
	err := db.stores[s].each(func(vs []Value) error {
		line = s.AppendLine(line[:0], vs)
		d = d.Add(DigestLine(line))
		return nil
	})
	return d, err
}
