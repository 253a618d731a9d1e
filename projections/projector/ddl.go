package projector

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"zhitong/projections"
)

// publicSchema holds the views that people and programs read.
const publicSchema = "zhitong"

// schemaOf is the schema that holds the tables of one version of a projection,
// building the one in which a rebuild makes them anew.
func schemaOf(p *projections.Projection) string { return "zhitong_" + p.ID() }
func building(p *projections.Projection) string { return schemaOf(p) + "_build" }

// ident quotes a name.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal quotes a text.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func qualified(schema, table string) string { return ident(schema) + "." + ident(table) }

// columnList lists quoted column names, each after prefix.
func columnList(cs []projections.Column, prefix string) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = prefix + ident(c.Name)
	}
	return strings.Join(names, ", ")
}

// createTable is the statement that makes the table, without its key, which is
// added once the rows are in.
func createTable(schema string, s *projections.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", qualified(schema, s.Name))
	for i, c := range s.Columns {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n\t%s %s", ident(c.Name), c.Type)
		if c.Type == projections.Text {
			b.WriteString(` COLLATE "C"`) // ordered by bytes, as in memory
		}
		if !c.Nullable {
			b.WriteString(" NOT NULL")
		}
		if c.Type == projections.Numeric {
			fmt.Fprintf(&b, " CONSTRAINT %s CHECK (scale(%s) <= %d)",
				ident(c.Name+"_places"), ident(c.Name), c.Places)
		}
	}
	b.WriteString("\n);\n")
	return b.String()
}

// addKey is the statement that makes the table's key: of one row where there are
// no key columns.
func addKey(schema string, s *projections.Schema) string {
	if s.KeyLen == 0 {
		return fmt.Sprintf("CREATE UNIQUE INDEX ON %s ((true));\n", qualified(schema, s.Name))
	}
	return fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (%s);\n",
		qualified(schema, s.Name), columnList(s.Columns[:s.KeyLen], ""))
}

// comments are the statements that describe a relation ("TABLE" or "VIEW").
func comments(kind, schema string, s *projections.Schema) string {
	var b strings.Builder
	fmt.Fprintf(&b, "COMMENT ON %s %s IS %s;\n", kind, qualified(schema, s.Name), literal(s.Comment))
	for _, c := range s.Columns {
		fmt.Fprintf(&b, "COMMENT ON COLUMN %s.%s IS %s;\n", qualified(schema, s.Name), ident(c.Name), literal(c.Doc))
	}
	return b.String()
}

// createView is the statement that makes the public view of a table in schema.
func createView(schema string, s *projections.Schema) string {
	return fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s;\n",
		qualified(publicSchema, s.Name), columnList(s.Columns, ""), qualified(schema, s.Name)) +
		comments("VIEW", publicSchema, s)
}

// declaration is a fingerprint of a projection's tables: when it changes without a
// new version, the tables in the database are not the declared ones.
func declaration(p *projections.Projection) string {
	h := sha256.New()
	for _, t := range p.Tables {
		s := t.Schema()
		fmt.Fprint(h, s.Public, createTable("", s), addKey("", s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// grants lets the role of readers, where the database has it, read the public
// views, also those made later.
const grants = `
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhitong_read') THEN
		GRANT USAGE ON SCHEMA zhitong TO zhitong_read;
		GRANT SELECT ON ALL TABLES IN SCHEMA zhitong TO zhitong_read;
		ALTER DEFAULT PRIVILEGES IN SCHEMA zhitong GRANT SELECT ON TABLES TO zhitong_read;
	END IF;
END $$`
